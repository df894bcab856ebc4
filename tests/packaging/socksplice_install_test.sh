#!/usr/bin/env bash
# Installs the library to a scratch prefix, builds README's example against it, by CMake and by
# pkg-config, and relays through both.
#     socksplice_install_test.sh BUILD-DIRECTORY COMPILER FLAGS
set -euo pipefail
build=$1 compiler=$2 flags=$3
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
pids=()
trap '((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null || true; wait; rm -rf "$scratch"' EXIT

# The example is the block of README.md that begins with its own name.
mkdir "$scratch/consumer"
awk '/^```/ { inside = 0 } inside { print } /^```cpp$/ { getline; if (/^\/\/ example.cc/) { inside = 1; print } }' \
  "$here/../../README.md" >"$scratch/consumer/example.cc"
[[ $(grep -c . "$scratch/consumer/example.cc") -ge 15 ]] || { echo "README.md has no example"; exit 1; }

cmake --install "$build" --component socksplice --prefix "$scratch/prefix" >/dev/null
for header in "$here"/../../include/socksplice/*.h; do
  [[ -f $scratch/prefix/include/socksplice/${header##*/} ]] || { echo "not installed: $header"; exit 1; }
done

cat >"$scratch/consumer/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(consumer CXX)
find_package(socksplice REQUIRED)
find_package(Threads REQUIRED)
add_executable(example example.cc)
target_link_libraries(example PRIVATE socksplice::socksplice Threads::Threads)
CMAKE
cmake -S "$scratch/consumer" -B "$scratch/by-cmake" -DCMAKE_PREFIX_PATH="$scratch/prefix" \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="$flags" >/dev/null
cmake --build "$scratch/by-cmake" >/dev/null

pc=$(dirname "$(find "$scratch/prefix" -name socksplice.pc)")
# shellcheck disable=SC2046,SC2086  # flags are words
"$compiler" -std=c++20 $flags "$scratch/consumer/example.cc" -pthread -o "$scratch/by-pkg-config" \
  $(PKG_CONFIG_PATH=$pc pkg-config --cflags --libs socksplice) -Wl,-rpath,"$(dirname "$pc")"

# A page goes from an origin through the example to curl.
head -c 3000000 /dev/urandom >"$scratch/page"
(cd "$scratch" && exec python3 -u -m http.server --bind 127.0.0.1 0 >origin.log 2>&1) &
pids+=($!)
until origin=$(grep -m 1 -oE 'port [0-9]+' "$scratch/origin.log"); do kill -0 "${pids[0]}"; sleep 0.05; done

for program in "$scratch/by-cmake/example" "$scratch/by-pkg-config"; do
  "$program" 127.0.0.1 "${origin#port }" >"$scratch/example.log" &
  pids+=($!)
  until grep -q '^[0-9]' "$scratch/example.log"; do kill -0 "${pids[-1]}"; sleep 0.05; done
  curl -fsS --max-time 20 "http://127.0.0.1:$(head -n 1 "$scratch/example.log")/page" | cmp - "$scratch/page"
  echo "${program##*/}: the page came through"
done
