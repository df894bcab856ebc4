// An upstream that repairs nothing and hides nothing: the body of its answer is, byte for byte, all
// that it got since its last one over that connection. Has a thread of its own.
#pragma once

#include <map>
#include <string>
#include <thread>

#include "e2e/support/listener.h"

namespace e2e {

class EchoUpstream {
 public:
  EchoUpstream();
  EchoUpstream(const EchoUpstream&) = delete;
  EchoUpstream& operator=(const EchoUpstream&) = delete;
  ~EchoUpstream();

  [[nodiscard]] std::string address() const { return listener_.address(); }

  /// Every byte that ever came, in that order, over whatever connection. The proxy has ended.
  const std::string& everything();

 private:
  struct Connection {
    Peer peer;
    std::string got{};  // and was not yet given back
  };

  void serve();
  void acceptAll();
  /// False when the connection is over.
  bool receive(Connection& connection);
  void finish();

  Listener listener_;
  socksplice::UniqueFd stop_;
  std::map<int, Connection> connections_;  // the thread's
  std::string everything_;                 // the thread's, until it is joined
  std::thread thread_;
};

}  // namespace e2e
