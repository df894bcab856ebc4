// Which fields of an answer are kept (RFC 9111, 3.1), and which a validation replaces (RFC 9111,
// 3.2). Pure.
#pragma once

#include <string_view>
#include <vector>

#include "cache/directives.h"
#include "http/field.h"
#include "http/hop_by_hop.h"

namespace proxy::cache {

/// Of one answer; it holds views into its fields, and refers to its directives.
class StoredFields {
 public:
  StoredFields(http::Fields answer, const ResponseDirectives& said) noexcept
      : said_(said), nominated_(answer) {}

  /// Not kept: what is for one hop, what frames the body and how old it is (both are written anew),
  /// and what private or no-cache name. Conservative: a field that no-cache names could be kept for
  /// validated answers; whoever fetched the answer gets it, nobody else.
  [[nodiscard]] bool keeps(const http::Field& field) const noexcept;

 private:
  const ResponseDirectives& said_;
  http::Nominated nominated_;
};

/// Whether a 304 that says this replaces what is kept under the name: not what tells how to read
/// the body that is kept, nor what chose it (RFC 9111, 3.2). Conservative: Set-Cookie only if it is
/// said to be for others, else it is for whoever asked.
[[nodiscard]] bool isReplaced(std::string_view name, const ResponseDirectives& said) noexcept;

/// Makes `out` of the kept fields and those of a 304, as views into both: each name that the 304
/// has and that it replaces is taken from there. Date and Age are the 304's or nobody's:
/// freshnessOf() sees that Age, StoredFields leaves it out again. Whether it may still be kept
/// mayStore() says.
void freshen(http::Fields kept, http::Fields notModified, std::vector<http::Field>& out);

}  // namespace proxy::cache
