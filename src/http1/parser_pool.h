// Parsers that nobody uses at the moment, with the memory that they have grown. Belongs to a
// worker's thread, and outlives what it lent.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "http/head_parser.h"

namespace proxy::http1 {

template <class Parser>
class ParserPool {
 public:
  explicit ParserPool(const http::HeadLimits& limits) : limits_(limits) {}

  /// A parser on loan: goes back to its pool when the loan ends.
  class Loan {
   public:
    explicit Loan(ParserPool& pool) : pool_(pool), parser_(pool.take()) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { pool_.giveBack(std::move(parser_)); }

    Parser* operator->() const noexcept { return parser_.get(); }

   private:
    ParserPool& pool_;
    std::unique_ptr<Parser> parser_;
  };

 private:
  static constexpr std::size_t kMostIdle = 256;

  std::unique_ptr<Parser> take() {
    if (idle_.empty()) return std::make_unique<Parser>(limits_);
    auto parser = std::move(idle_.back());
    idle_.pop_back();
    return parser;
  }
  void giveBack(std::unique_ptr<Parser> parser) {
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(parser));
  }

  const http::HeadLimits limits_;
  std::vector<std::unique_ptr<Parser>> idle_;
};

}  // namespace proxy::http1
