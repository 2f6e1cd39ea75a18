#include "messages/matrix/receipts.hpp"
#include "messages/matrix/identifiers.hpp"
#include "tests/fuzz/target.hpp"

using namespace causeway::matrix;

/// The content of an m.receipt EDU of there.example: only its own users come out of it, few enough, and what is written
/// of them again says the same.
FUZZ_TARGET(receipts) {
  const auto content = json::parse(input);
  if (!content || !content->as_object()) return;
  const auto all = receipts_of(*content->as_object(), "there.example");
  causeway::fuzz::must(all.size() <= receipts_per_edu_max, "a bounded number");
  receipt_content again;
  std::vector<receipt> kept;
  for (const auto& x : all) {
    causeway::fuzz::must(server_name_of(x.user_id) == "there.example", "users of the sender");
    causeway::fuzz::must(x.user_id.size() <= 255 && x.event_id.size() <= 255 && x.thread_id.size() <= 255, "short ids");
    if (again.add(x)) kept.push_back(x);
  }
  const auto text = again.text();
  causeway::fuzz::must(text.size() <= receipt_edu_bytes_max, "no longer than others take");
  const auto parsed = json::parse(text);
  causeway::fuzz::must(parsed && json::canonical(*parsed) == text, "canonical");
  causeway::fuzz::must(receipts_of(*parsed->as_object(), "there.example") == kept, "the same again");
}
