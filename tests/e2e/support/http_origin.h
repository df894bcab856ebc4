// A small HTTP/1.1 origin for real clients: GET /N answers N bytes of the pattern, and to a PUT how
// many bytes came and whether they were the pattern's. Has a thread of its own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <thread>

#include "e2e/support/listener.h"
#include "e2e/support/pattern.h"

namespace e2e {

class HttpOrigin {
 public:
  HttpOrigin();
  HttpOrigin(const HttpOrigin&) = delete;
  HttpOrigin& operator=(const HttpOrigin&) = delete;
  ~HttpOrigin();

  [[nodiscard]] std::string address() const { return listener_.address(); }

  /// What every body is made of.
  static Pattern pattern() { return Pattern(80); }

 private:
  struct Connection {
    Peer peer;
    std::string head{};          // of the request, as far as it came
    std::uint64_t bodyLeft = 0;  // of the request
    std::uint64_t bodySeen = 0;
    bool bodyRight = true;
    std::string answerHead{};      // what is left of it
    std::uint64_t answerLeft = 0;  // bytes of the answer's body
    std::uint64_t answerSent = 0;
    bool isLast = false;  // the client asked for the connection to be closed
  };

  void serve();
  void acceptAll();
  // These return false when the connection is over.
  static bool receive(Connection& connection);
  static bool take(Connection& connection, std::string_view bytes);
  static bool send(Connection& connection);
  static void begin(Connection& connection);
  static void answer(Connection& connection);
  static bool isAnswering(const Connection& connection) {
    return !connection.answerHead.empty() || connection.answerLeft > 0;
  }

  Listener listener_;
  socksplice::UniqueFd stop_;
  std::map<int, Connection> connections_;  // the thread's
  std::thread thread_;
};

}  // namespace e2e
