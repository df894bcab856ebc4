#include "http/head.h"

namespace proxy::http {
namespace {

struct Method {
  std::string_view name;
  bool safe;
  bool idempotent;
};

// Of the IANA registry, those that llhttp knows and that are at least one of the two; the commonest
// first.
constexpr Method kMethods[] = {
    {"GET", true, true},       {"HEAD", true, true},        {"PUT", false, true},
    {"DELETE", false, true},   {"OPTIONS", true, true},     {"TRACE", true, true},
    {"QUERY", true, true},     {"SEARCH", true, true},      {"PROPFIND", true, true},
    {"REPORT", true, true},    {"ACL", false, true},        {"BIND", false, true},
    {"CHECKOUT", false, true}, {"COPY", false, true},       {"LINK", false, true},
    {"MERGE", false, true},    {"MKACTIVITY", false, true}, {"MKCALENDAR", false, true},
    {"MKCOL", false, true},    {"MOVE", false, true},       {"PROPPATCH", false, true},
    {"REBIND", false, true},   {"UNBIND", false, true},     {"UNLINK", false, true},
    {"UNLOCK", false, true},
};

struct Status {
  int status;
  std::string_view reason;
};

// The IANA registry.
constexpr Status kStatuses[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {510, "Not Extended"},
    {511, "Network Authentication Required"},
};

const Method* find(std::string_view name) noexcept {
  for (const Method& method : kMethods) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

}  // namespace

bool RequestHead::isSafe() const noexcept {
  const Method* known = find(method);
  return known != nullptr && known->safe;
}

bool RequestHead::isIdempotent() const noexcept {
  const Method* known = find(method);
  return known != nullptr && known->idempotent;
}

std::string_view reasonOf(int status) noexcept {
  for (const Status& row : kStatuses) {
    if (row.status == status) return row.reason;
  }
  return {};
}

}  // namespace proxy::http
