#!/usr/bin/env bash
# Proves that tools/layers passes a good tree and catches each kind of bad include.
#     tests/tools/layers_test.sh     (ctest runs it; needs nothing built)
set -euo pipefail

layers=$(cd "$(dirname "$0")/../.." && pwd)/tools/layers
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

main() {
  [[ "${1:-}" != -h && "${1:-}" != --help ]] || { sed -n '2,3s/^# //p' "$0"; exit; }

  plant_good_tree
  passes "a good tree"

  catches core '"app/options.h"' "core may not include app"
  catches core '"net/socket.h"' "core may not include net"
  catches net '"http/head.h"' "net may not include http"
  catches http '"core/event_loop.h"' "http may not include core"
  catches http '<socksplice/pump.h>' "http may not include socksplice"
  catches http '<sys/socket.h>' "http knows no system calls"
  catches http1 '"http2/session.h"' "http1 may not include http2"
  catches http2 '"cache/store.h"' "http2 may not include cache"
  catches cache '"net/socket.h"' "cache may not include net"
  catches relay '"cache/store.h"' "relay may not include cache"
  catches relay '"origin/files.h"' "relay may not include origin"
  catches origin '"gateway/gateway.h"' "origin may not include gateway"
  catches tunnel '"relay/session.h"' "tunnel may not include relay"
  catches gateway '"tunnel/hub.h"' "gateway may not include tunnel"
  catches gateway '"app/options.h"' "gateway may not include app"
  catches socksplice '"core/event_loop.h"' "socksplice may not include core"
  catches . '"relay/session.h"' "main may not include relay"

  catches core '<llhttp.h>' "llhttp is named in http only"
  catches http1 '<nghttp2/nghttp2.h>' "nghttp2 is named in http2 only"
  catches app '<openssl/ssl.h>' "OpenSSL is named in net only"
  catches net '<boost/asio.hpp>' "Boost is named in app only"
  catches net '<event2/event.h>' "libevent is named in core only"
  catches core '<ares.h>' "c-ares is named in net only"
  catches core '<liburing.h>' "liburing is named in origin only"
  catches cache '<libaio.h>' "libaio is named in origin only"
  catches net '<spdlog/spdlog.h>' "spdlog is named in core only"
  catches relay '<fmt/core.h>' "fmt is named in core only"
  catches socksplice '<tl/expected.hpp>' "tl::expected is named in core only"
  catches core '<zstd.h>' "zstd.h belongs to no library in the table"

  catches core '"socksplice/guard.h"' "socksplice/guard.h is private to src/socksplice"
  catches core '"../net/socket.h"' "../net/socket.h climbs out of its folder"
  catches attic '<vector>' "the folder attic is not in the table"
  catches_in include/socksplice/bad.h '"core/event_loop.h"' "socksplice may not include core"
  catches_in include/socksplice/bad.h '<event2/event.h>' "libevent is named in core only"
  catches_in include/socksplice/bad.h '"socksplice/guard.h"' "socksplice/guard.h is private"

  rm -r "$tree/src" "$tree/include"
  fails "an empty tree"
  ((failures == 0))
}

plant_good_tree() {
  plant include/socksplice/pump.h '<sys/socket.h>' '<cstddef>' '"socksplice/unique_fd.h"'
  plant include/socksplice/unique_fd.h '<unistd.h>'
  plant src/socksplice/pump.cc '<socksplice/pump.h>' '"guard.h"'
  plant src/socksplice/guard.h '<pthread.h>'
  plant src/core/event_loop.h '<event2/event.h>' '<spdlog/spdlog.h>' '<fmt/core.h>' \
    '<tl/expected.hpp>' '<socksplice/unique_fd.h>'
  plant src/net/socket.h '<ares.h>' '<openssl/ssl.h>' '<net/if.h>' '"core/event_loop.h"'
  plant src/http/head.h '<llhttp.h>' '<string_view>'
  plant src/http1/session.h '"http/head.h"' '"net/socket.h"'
  plant src/http2/session.h '<nghttp2/nghttp2.h>' '"http/head.h"'
  plant src/cache/store.h '"http/head.h"' '<socksplice/pump.h>'
  plant src/relay/session.h '"net/socket.h"'
  plant src/origin/files.h '<liburing.h>' '<libaio.h>' '"http1/session.h"'
  plant src/tunnel/hub.h '"http2/session.h"'
  plant src/gateway/gateway.h '"cache/store.h"' '"relay/session.h"'
  plant src/app/options.h '<boost/program_options.hpp>' '"gateway/gateway.h"' '"tunnel/hub.h"'
  plant src/main.cc '"app/options.h"'
}

plant() {  # file include...
  mkdir -p "$tree/$(dirname "$1")"
  printf '#include %s\n' "${@:2}" >"$tree/$1"
}

catches() {  # folder include sentence
  catches_in "src/$1/bad.cc" "$2" "$3"
}

# The bad include stands on line 2; in a folder nobody knows, line 1 is named.
catches_in() {  # file include sentence
  local file=${1//\/.\//\/} status=0 output line=2
  [[ $3 != *"not in the table"* ]] || line=1
  plant "$1" '<vector>' "$2"
  output=$("$layers" "$tree") || status=$?
  rm "$tree/$1"
  [[ $status == 1 && $output == "$file:$line: $3"* && $output != *$'\n'* ]] ||
    complain "$file with $2: wanted status 1 and '$file:$line: $3', got $status and '$output'"
}

passes() {  # what
  "$layers" "$tree" || complain "$1 does not pass"
}

fails() {  # what
  ! "$layers" "$tree" 2>/dev/null || complain "$1 passes"
}

complain() {
  echo "layers_test: $*" >&2
  failures=$((failures + 1))
}

main "$@"
