#include "actors/room/joins.hpp"

#include "actors/room/joining.hpp"
#include "messages/matrix/identifiers.hpp"

#include <utility>
#include <variant>

namespace causeway::room {

using matrix::json::object;

void joins::want(const join_request& m) {
  if (!room_.takes_part()) return remote_.want(m);
  if (auto fine = goes_on_from(*room_.graph.create(), m.predecessor); !fine) events_.join_ended(m, fine.error());
  else join_here(m);
}

void joins::join_here(const join_request& m) {
  if (room_.graph.membership(m.user_id) == matrix::membership::join) return events_.join_ended(m, {});
  if (invitations_.is_missing(m) &&
      invitations_.receive(m.invite, std::string{matrix::server_name_of(m.invite->sender)}, m))
    return;
  if (authorisation_.is_needed(m.user_id)) return authorise(m.user_id, m);
  commit(m, {});
}

void joins::commit(const join_request& m, const std::string& authoriser) {
  object content{{"membership", "join"}};
  if (!m.display_name.empty()) content.set("displayname", m.display_name);
  if (!m.avatar_url.empty()) content.set("avatar_url", m.avatar_url);
  if (!authoriser.empty()) content.set("join_authorised_via_users_server", authoriser);
  fault why;
  if (room_.graph.membership(m.user_id) != matrix::membership::join) {
    auto e = authoring_.author({"m.room.member", m.user_id, m.user_id, std::move(content)});
    if (e.waits()) return authoring_.try_again_later(m);
    auto fine = e ? authoring_.commit(*e) : status{e.error()};
    if (!fine) why = fine.error();
  }
  events_.join_ended(m, why);
}

void joins::authorise(const std::string& user, authorised_step next) {
  authorised(authorisation_.begin(user, std::move(next)));
}

void joins::authorised(std::optional<join_authorisation::outcome> known) {
  if (!known) return;
  auto& a = *known;
  const auto* wanted = std::get_if<join_request>(&a.next);
  if (!wanted) return events_.call_authorised(std::move(a.next), a.authoriser);
  // The room may have been left while others were asked.
  if (!room_.takes_part())
    return events_.join_ended(*wanted, {fault_code::not_member, "nobody of this server is in the room any more"});
  if (a.authoriser) return commit(*wanted, *a.authoriser);
  if (a.authoriser.error().code == fault_code::forbidden) events_.join_ended(*wanted, a.authoriser.error());
  else resident_.begin(*wanted, a.authoriser.error());
}

} // namespace causeway::room
