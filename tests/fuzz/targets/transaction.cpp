#include "messages/matrix/transaction.hpp"
#include "tests/fuzz/target.hpp"

#include "messages/limits.hpp"

using namespace causeway::matrix;

/// The body of PUT /send: never more than 50 PDUs and 100 EDUs come out of it.
FUZZ_TARGET(transaction) {
  const auto read = parse_transaction(input);
  if (read) {
    causeway::fuzz::must(read->pdus.size() + read->unreadable_pdus <= 50, "at most 50 PDUs");
    causeway::fuzz::must(read->edus.size() <= 100, "at most 100 EDUs");
  }
  auto body = json::parse(input);
  if (!body) return;
  const auto x = transaction_of(*std::move(body));
  causeway::fuzz::must(static_cast<bool>(x) == static_cast<bool>(read), "text and tree are judged alike");
  if (x) causeway::fuzz::must(x->pdus == read->pdus, "text and tree give the same PDUs");
}
