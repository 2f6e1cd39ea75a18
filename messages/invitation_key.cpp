#include "messages/invitation_key.hpp"

#include "messages/matrix/identifiers.hpp"

#include <stdexcept>

namespace causeway::invitation {

names names_in(const std::string& key) {
  // Both names may have a bar, a server name has none: only one of the cuts leaves two ids.
  for (auto bar = key.find("|@"); bar != std::string::npos; bar = key.find("|@", bar + 1)) {
    names x{key.substr(0, bar), key.substr(bar + 1)};
    if (matrix::has_identifier_shape(x.room_id, '!', false) && matrix::has_identifier_shape(x.user_id, '@', true))
      return x;
  }
  throw std::logic_error("not the key of an invitation: " + key);
}

} // namespace causeway::invitation
