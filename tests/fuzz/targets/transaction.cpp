#include "messages/matrix/transaction.hpp"
#include "tests/fuzz/target.hpp"

#include "messages/limits.hpp"

using namespace causeway::matrix;

/// The body of PUT /send: never more than 50 PDUs and 100 EDUs come out of it.
FUZZ_TARGET(transaction) {
  auto body = json::parse(input);
  if (!body) return;
  const auto x = parse_transaction(*std::move(body));
  if (!x) return;
  causeway::fuzz::must(x->pdus.size() <= 50, "at most 50 PDUs");
  causeway::fuzz::must(x->edus.size() <= 100, "at most 100 EDUs");
}
