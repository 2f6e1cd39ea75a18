#include "messages/matrix/presence.hpp"
#include "messages/matrix/identifiers.hpp"
#include "tests/fuzz/target.hpp"

using namespace causeway::matrix;

/// The content of an m.presence EDU of there.example: only its own users come out of it, few enough and each once, and
/// what is written of them again says the same.
FUZZ_TARGET(presence) {
  const auto content = json::parse(input);
  if (!content || !content->as_object()) return;
  const auto all = presences_of(*content->as_object(), "there.example");
  causeway::fuzz::must(all.size() <= presences_read_max, "a bounded number");
  for (std::size_t i = 0; i < all.size(); ++i) {
    causeway::fuzz::must(server_name_of(all[i].user_id) == "there.example", "users of the sender");
    causeway::fuzz::must(all[i].user_id.size() <= 255, "short ids");
    causeway::fuzz::must(all[i].status.size() <= presence_status_bytes_max, "short texts");
    for (std::size_t j = 0; j < i; ++j) causeway::fuzz::must(all[i].user_id != all[j].user_id, "each once");
  }
  const auto text = presence_content(all);
  const auto parsed = json::parse(text);
  causeway::fuzz::must(parsed && json::canonical(*parsed) == text, "canonical");
  causeway::fuzz::must(presences_of(*parsed->as_object(), "there.example") == all, "the same again");
}
