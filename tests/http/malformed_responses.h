// Responses that must be refused: for tests of the parser, and for those that let an upstream of
// the whole proxy send them. Every one is refused by the bytes that are here; what would come
// behind them changes nothing.
#pragma once

#include <string_view>

#include "http/problem.h"

namespace proxy::http {

struct MalformedResponse {
  std::string_view name;
  std::string_view bytes;
  Problem problem = Problem::kResponseMalformed;
};

using namespace std::string_view_literals;  // NOLINT: the bytes hold zeros

inline constexpr MalformedResponse kMalformedResponses[] = {
    // Status lines.
    {"a page without a head", "<html><body>hello</body></html>\n"sv},
    {"a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv},
    {"TLS's alert", "\025\003\003\0\002\002\050"sv},
    {"an empty line in front", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a line feed in front", "\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a space in front", " HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a zero in front", "\0HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a lower-case protocol", "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"SHOUTcast", "ICY 200 OK\r\nicy-name: a\r\n\r\n"sv},
    {"RTSP", "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"sv},
    {"no version", "HTTP 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"version 0.9", "HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"version 1.2", "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"version 2.0", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"version 2", "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"version 3.0", "HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a minor version of two digits", "HTTP/1.10 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a version of letters", "HTTP/x.y 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"two spaces behind the version", "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a tab behind the version", "HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"no status", "HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"neither status nor phrase", "HTTP/1.1\r\nContent-Length: 0\r\n\r\n"sv},
    {"status 0", "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"status 20", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"status 99", "HTTP/1.1 99 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"status 099", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"status 600", "HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"status 999", "HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"status 2000", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a signed status", "HTTP/1.1 +200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a status with a letter", "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a status with a space in it", "HTTP/1.1 2 00 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a status with its phrase right behind it", "HTTP/1.1 200OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a status with a tab behind it", "HTTP/1.1 200\tOK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a zero in the phrase", "HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n"sv},
    {"a control byte in the phrase", "HTTP/1.1 200 O\001K\r\nContent-Length: 0\r\n\r\n"sv},
    {"an escape in the phrase", "HTTP/1.1 200 \033[0m\r\nContent-Length: 0\r\n\r\n"sv},
    {"a vertical tab in the phrase", "HTTP/1.1 200 O\vK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a delete in the phrase", "HTTP/1.1 200 OK\177\r\nContent-Length: 0\r\n\r\n"sv},
    {"a carriage return in the phrase", "HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n"sv},
    {"a line feed ends the status line", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"sv},
    {"a line feed ends a status line without a phrase",
     "HTTP/1.1 200\nContent-Length: 0\r\n\r\n"sv},
    {"a carriage return ends the status line", "HTTP/1.1 200 OK\rContent-Length: 0\r\n\r\n"sv},
    {"two carriage returns end the status line",
     "HTTP/1.1 200 OK\r\r\nContent-Length: 0\r\n\r\n"sv},

    // Field lines.
    {"line feeds alone", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"sv},
    {"a line feed ends a field", "HTTP/1.1 200 OK\r\nA: b\nContent-Length: 0\r\n\r\n"sv},
    {"a line feed ends the head", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n"sv},
    {"a carriage return in a value", "HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: c\r\n\r\n"sv},
    {"two carriage returns end a field",
     "HTTP/1.1 200 OK\r\nA: b\r\r\nContent-Length: 0\r\n\r\n"sv},
    {"a space before a colon", "HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 0\r\n\r\n"sv},
    {"a space before the first field", "HTTP/1.1 200 OK\r\n A: b\r\nContent-Length: 0\r\n\r\n"sv},
    {"a field without a colon", "HTTP/1.1 200 OK\r\nA\r\nContent-Length: 0\r\n\r\n"sv},
    {"a field without a name", "HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 0\r\n\r\n"sv},
    {"a space in a name", "HTTP/1.1 200 OK\r\nA B: c\r\nContent-Length: 0\r\n\r\n"sv},
    {"a high byte in a name", "HTTP/1.1 200 OK\r\n\303\244: c\r\nContent-Length: 0\r\n\r\n"sv},
    {"a zero in a name", "HTTP/1.1 200 OK\r\nA\0: c\r\nContent-Length: 0\r\n\r\n"sv},
    {"a zero in a value", "HTTP/1.1 200 OK\r\nA: b\0c\r\nContent-Length: 0\r\n\r\n"sv},
    {"a control byte in a value", "HTTP/1.1 200 OK\r\nA: \001\r\nContent-Length: 0\r\n\r\n"sv},
    {"a delete in a value", "HTTP/1.1 200 OK\r\nA: \177\r\nContent-Length: 0\r\n\r\n"sv},
    {"a folded value", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n"sv},
    {"a value folded by a tab", "HTTP/1.1 200 OK\r\nA: b\r\n\tc\r\nContent-Length: 0\r\n\r\n"sv},

    // Content-Length.
    {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"sv},
    {"two lengths that are the same",
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"sv},
    {"a length that is a list", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello"sv},
    {"a length with a plus", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello"sv},
    {"a length with a minus", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello"sv},
    {"a length in hexadecimal", "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello"sv},
    {"a length with a fraction", "HTTP/1.1 200 OK\r\nContent-Length: 5.0\r\n\r\nhello"sv},
    {"a length with a zero in front", "HTTP/1.1 200 OK\r\nContent-Length: 05\r\n\r\nhello"sv},
    {"a tab before the length", "HTTP/1.1 200 OK\r\nContent-Length:\t5\r\n\r\nhello"sv},
    {"an empty length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello"sv},
    {"a length in words", "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello"sv},
    {"a length of 2^63", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n"sv},
    {"a length of 2^64", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n"sv},
    {"a folded length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n 0\r\n\r\nhello"sv},
    {"two lengths of an answer that has no body",
     "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"sv},

    // Transfer-Encoding.
    {"the coding gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"sv},
    {"the coding identity", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n"sv},
    {"gzip in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"sv},
    {"gzip in chunks, in two fields",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"sv},
    {"chunked and then gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"sv},
    {"chunked twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"sv},
    {"chunked twice, in two fields",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"sv},
    {"an empty coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n"sv},
    {"a comma behind chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked,\r\n\r\n"sv},
    {"chunked with a parameter", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;a=b\r\n\r\n"sv},
    {"chunked in quotes", "HTTP/1.1 200 OK\r\nTransfer-Encoding: \"chunked\"\r\n\r\n"sv},
    {"a vertical tab behind chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\v\r\n\r\n"sv},
    {"a folded coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n"sv},
    {"a length behind chunked",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"sv},
    {"a length before chunked",
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv},
    {"chunked in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv},

    // Bodies of answers that have none, where the connection goes on.
    {"100 with a length", "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello"sv},
    {"101 with a length",
     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5\r\n\r\n"sv},
    {"103 in chunks", "HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv},

    {"33 connection options",
     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,0,1,2,3,4,5,6\r\n\r\n"sv},
};

}  // namespace proxy::http
