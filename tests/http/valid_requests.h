// Requests that must be read, each with what must be read of them.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/head.h"

namespace proxy::http {

/// How a body is framed, short enough for a table: a size, or one of these.
enum Body : std::int64_t { kNoBody = -1, kChunked = -2, kUntilEnd = -3 };

struct ValidRequest {
  std::string_view name;
  std::string_view bytes;
  std::string_view target = "/";
  std::int64_t body = kNoBody;
  bool keepAlive = true;
  bool expectsContinue = false;
  Version version = Version::k11;
};

inline constexpr ValidRequest kValidRequests[] = {
    {"the least there is", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"an empty line in front", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"several empty lines in front", "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"no white space behind the colon", "GET / HTTP/1.1\r\nHost:a\r\n\r\n"},
    {"white space around a value", "GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n"},
    {"a name in another case", "GET / HTTP/1.1\r\nhOST: a\r\n\r\n"},
    {"an empty value", "GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB: \r\n\r\n"},
    {"every character of a name", "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09azAZ: b\r\n\r\n"},
    {"high bytes in a value", "GET / HTTP/1.1\r\nHost: a\r\nA: \303\244\377\200\r\n\r\n"},
    {"a tab within a value", "GET / HTTP/1.1\r\nHost: a\r\nA: b\tc\r\n\r\n"},
    {"colons in a value", "GET / HTTP/1.1\r\nHost: a\r\nA:: b:c\r\n\r\n"},
    {"the same field twice", "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nA: b\r\n\r\n"},

    {"a path with a query", "GET /a/b?c=d&e=%20 HTTP/1.1\r\nHost: a\r\n\r\n", "/a/b?c=d&e=%20"},
    {"a path that begins with two slashes", "GET //a HTTP/1.1\r\nHost: a\r\n\r\n", "//a"},
    {"what browsers leave unescaped", "GET /a|b{c}\"d\"^`\\ HTTP/1.1\r\nHost: a\r\n\r\n",
     "/a|b{c}\"d\"^`\\"},
    {"an asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "*"},
    {"the absolute form", "GET http://b:81/c?d HTTP/1.1\r\nHost: a\r\n\r\n", "http://b:81/c?d"},
    {"the absolute form without a path", "GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", "http://b"},
    {"the absolute form with a query alone", "GET http://b?c HTTP/1.1\r\nHost: a\r\n\r\n",
     "http://b?c"},
    {"the absolute form in capitals", "GET HTTP://B/ HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP://B/"},
    {"the absolute form with an IPv6 address", "GET http://[::1]:81/ HTTP/1.1\r\nHost: a\r\n\r\n",
     "http://[::1]:81/"},
    {"CONNECT", "CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n", "b:443"},
    {"CONNECT to an IPv6 address", "CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\n", "[::1]:443"},
    {"CONNECT with an empty body", "CONNECT b:443 HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n",
     "b:443"},

    {"a Host with a port", "GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n"},
    {"an IPv4 Host", "GET / HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n"},
    {"an IPv6 Host", "GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n"},
    {"a Host with an underscore", "GET / HTTP/1.1\r\nHost: a_b\r\n\r\n"},
    {"a Host with a dot at its end", "GET / HTTP/1.1\r\nHost: a.example.\r\n\r\n"},
    {"a Host with an escape", "GET / HTTP/1.1\r\nHost: a%2db\r\n\r\n"},

    {"a length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "/", 5},
    {"a length of 0", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "/", 0},
    {"a length of 2^63 - 1",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n", "/", INT64_MAX},
    {"spaces around a length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:  5 \r\n\r\n", "/", 5},
    {"a length of a GET", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "/", 5},
    {"a POST without a body", "POST / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"chunks", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "/", kChunked},
    {"chunks in capitals", "POST / HTTP/1.1\r\nHost: a\r\nTRANSFER-ENCODING: CHUNKED\r\n\r\n", "/",
     kChunked},
    {"white space around chunked",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \tchunked \t\r\n\r\n", "/", kChunked},
    {"chunks of a GET", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "/",
     kChunked},
    {"chunks, to be the last",
     "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
     "Transfer-Encoding: chunked\r\n\r\n",
     "/", kChunked, false},
    {"an underscore makes it another field",
     "POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\nTransfer_Encoding: chunked\r\n\r\n"},

    {"close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "/", kNoBody, false},
    {"close in a list", "GET / HTTP/1.1\r\nHost: a\r\nConnection: a, CLOSE ,b\r\n\r\n", "/",
     kNoBody, false},
    {"close with a tab behind it", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\t\r\n\r\n", "/",
     kNoBody, false},
    {"close in a second field",
     "GET / HTTP/1.1\r\nHost: a\r\nConnection: a\r\nConnection: close\r\n\r\n", "/", kNoBody,
     false},
    {"close and keep-alive", "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n",
     "/", kNoBody, false},
    {"something like close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n"},
    {"keep-alive", "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"},
    {"32 connection options",
     "GET / HTTP/1.1\r\nHost: a\r\n"
     "Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,0,1,2,3,4,5\r\n\r\n"},

    {"1.0", "GET / HTTP/1.0\r\n\r\n", "/", kNoBody, false, false, Version::k10},
    {"1.0 with Host", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "/", kNoBody, false, false,
     Version::k10},
    {"1.0 that stays", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "/", kNoBody, true,
     false, Version::k10},
    {"1.0 that says both", "GET / HTTP/1.0\r\nConnection: Keep-Alive, close\r\n\r\n", "/", kNoBody,
     false, false, Version::k10},
    {"1.0 with a body", "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n", "/", 5, false, false,
     Version::k10},

    {"an expectation",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", "/", 5,
     true, true},
    {"an expectation in capitals",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n", "/", 5,
     true, true},
    {"an expectation before chunks",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
     "/", kChunked, true, true},
    {"an expectation without a body", "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"},
    {"an expectation before an empty body",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n", "/", 0},
    {"an expectation of 1.0",
     "POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", "/", 5, false, false,
     Version::k10},
    {"an empty expectation", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect:\r\n\r\n",
     "/", 5},

    {"an upgrade",
     "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"},
    {"an upgrade with a body",
     "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 5\r\n\r\n",
     "/", 5},
    {"HTTP/2's settings",
     "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
     "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"},
};

}  // namespace proxy::http
