#include "http/head.h"

#include <gtest/gtest.h>

namespace proxy::http {
namespace {

RequestHead withMethod(std::string_view method) {
  RequestHead head;
  head.method = method;
  return head;
}

TEST(Head, KnowsWhichMethodsAreSafe) {
  for (const char* method :
       {"GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY"}) {
    EXPECT_TRUE(withMethod(method).isSafe()) << method;
    EXPECT_TRUE(withMethod(method).isIdempotent()) << method;
  }
}

TEST(Head, KnowsWhichMethodsMayBeRepeated) {
  for (const char* method : {"PUT", "DELETE", "COPY", "MOVE", "MKCOL", "UNLOCK", "PROPPATCH"}) {
    EXPECT_FALSE(withMethod(method).isSafe()) << method;
    EXPECT_TRUE(withMethod(method).isIdempotent()) << method;
  }
}

TEST(Head, ThinksTheWorstOfAnyOtherMethod) {
  for (const char* method :
       {"POST", "PATCH", "CONNECT", "LOCK", "PURGE", "M-SEARCH", "get", "", "X"}) {
    EXPECT_FALSE(withMethod(method).isSafe()) << method;
    EXPECT_FALSE(withMethod(method).isIdempotent()) << method;
  }
}

TEST(Head, KnowsReasons) {
  EXPECT_EQ("Continue", reasonOf(100));
  EXPECT_EQ("OK", reasonOf(200));
  EXPECT_EQ("Not Modified", reasonOf(304));
  EXPECT_EQ("Content Too Large", reasonOf(413));
  EXPECT_EQ("Network Authentication Required", reasonOf(511));
  for (const int status : {-1, 0, 99, 104, 306, 418, 420, 509, 512, 599, 600}) {
    EXPECT_EQ("", reasonOf(status)) << status;
  }
}

}  // namespace
}  // namespace proxy::http
