#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/json.hpp"
#include "messages/text.hpp"
#include "tests/fuzz/target.hpp"

using namespace causeway::matrix;
using causeway::fuzz::must;

FUZZ_TARGET(identifiers) {
  const auto parts = split_server_name(input);
  must(parts.has_value() == is_server_name(input), "what has parts is a server name, and the reverse");
  if (parts) {
    must(!parts->host.empty(), "a server name has a host");
    must(input.size() <= 230, "a server name is bounded");
  }
  if (is_user_id(input)) {
    must(input.size() <= 255 && input.front() == '@', "a user id is bounded and has its sigil");
    must(is_server_name(server_name_of(input)), "a user id names a server");
  }
  if (is_user_id(input, user_id_grammar::strict)) {
    must(is_user_id(input), "the historical grammar holds the strict one");
    must(!user_id_problem(input), "a strict user id has no problem to tell");
  } else {
    must(user_id_problem(input).has_value(), "no strict user id: it is said why");
  }
  if (is_user_id(input, user_id_grammar::printable))
    must(is_user_id(input), "the historical grammar holds the printable one");
  if (is_user_id(input, user_id_grammar::strict))
    must(is_user_id(input, user_id_grammar::printable), "the printable grammar holds the strict one");
  must(is_user_id(input) == !user_id_problem(input, user_id_grammar::historical),
       "a user id has no problem to tell, and the reverse");
  const auto shown = causeway::text::quoted(input);
  must(json::is_utf8(shown) && shown.size() < 120, "what is quoted is short and UTF-8");
  if (is_room_alias(input)) must(is_server_name(server_name_of(input)), "an alias names a server");
  (void)is_room_id(input);
  (void)is_event_id(input);
  if (is_signing_key_id(input))
    must(is_verify_key_id(input), "what a key of ours may be called others may call theirs");
  (void)is_room_version_grammar(input);
  (void)has_identifier_shape(input, '@', true);
}
