// A value, or why there is none: how a failure of the outside world is handed up. By default the
// reason is a sentence for the operator.
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace proxy {

template <class T, class Error = std::string>
using Expected = tl::expected<T, Error>;

template <class Error>
[[nodiscard]] auto unexpected(Error&& error) {
  return tl::make_unexpected(std::forward<Error>(error));
}

}  // namespace proxy
