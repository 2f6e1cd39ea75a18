#include "messages/matrix/request_auth.hpp"
#include "messages/matrix/identifiers.hpp"
#include "tests/fuzz/target.hpp"

using namespace causeway::matrix;

/// An Authorization header: whatever is accepted names a possible origin and a possible key.
FUZZ_TARGET(x_matrix) {
  const auto x = parse_x_matrix(input);
  if (!x) return;
  causeway::fuzz::must(is_server_name(x->origin), "the origin is a server name");
  causeway::fuzz::must(is_verify_key_id(x->key_id), "the key is a key id");
}
