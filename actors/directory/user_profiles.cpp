#include "actors/directory/user_profiles.hpp"

#include "actors/answers.hpp"
#include "actors/excerpt.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/media.hpp"
#include "messages/text.hpp"

#include <algorithm>

namespace causeway::directory {
namespace {

using chat::profile_answer;
using matrix::json::object;

/// The remote_server actor answers always, unless it failed meanwhile.
constexpr time_ms profile_slack_ms = 2'000;

void take_picture(profile_answer& into, const std::string& told) {
  if (told.size() <= chat::short_text_bytes_max && matrix::split_mxc(told)) into.avatar = told;
}

/// @returns too_large: it does not fit into an answer
result<profile_answer> read_profile(const std::string& user_id, const object& told,
                                    const std::optional<std::string>& field) {
  profile_answer x;
  x.user = user_id;
  std::map<std::string, std::string> further;
  std::size_t bytes = 0;
  for (const auto& [key, value] : told) {
    // Null is the same as absent. A server that does not know `field` may answer with all there is.
    if (value.is_null() || (field && *field != key)) continue;
    const auto* text = value.as_string();
    if (key == "displayname") {
      if (text && !text->empty()) x.display_name = excerpt(*text, chat::short_text_bytes_max);
    } else if (key == "avatar_url") {
      if (text) take_picture(x, *text);
    } else if (!key.empty() && key.size() <= limits::identifier_bytes_max) {
      auto json = matrix::json::canonical(value);
      bytes += key.size() + json.size();
      further.emplace(key, std::move(json));
    }
  }
  if (bytes > chat::profile_bytes_max || further.size() > chat::profile_fields_max)
    return {fault_code::too_large, user_id + " has " + std::to_string(further.size()) + " fields of " +
                                     std::to_string(bytes) + " bytes; ask for one field"};
  if (!further.empty()) x.further = std::move(further);
  return x;
}

fault why_not_shown(const peer_answer& m, const std::string& user_id, const std::optional<std::string>& field) {
  if (m.status == 404 && m.errcode == "M_NOT_FOUND")
    return {fault_code::not_found, m.server_name + " knows no " + user_id + (field ? ", or no such field" : "")};
  // Without its word a 403 is a proxy's, and a 401 is about our request, not about the user: neither decides anything.
  if (m.status == 403 && m.errcode == "M_FORBIDDEN")
    return {fault_code::forbidden, m.server_name + " does not show the profile: " + m.why.detail};
  return m.why;
}

} // namespace

object shown_profile(const store::put_user& user, std::optional<std::string_view> field) {
  const auto is_wanted = [&](std::string_view name) { return !field || *field == name; };
  const auto further = matrix::json::parse(user.fields.empty() ? "{}" : user.fields);
  object out;
  if (further && further->as_object())
    for (const auto& one : *further->as_object())
      if (is_wanted(one.key)) out.set(one.key, one.mapped);
  if (!user.display_name.empty() && is_wanted("displayname")) out.set("displayname", user.display_name);
  if (!user.avatar_url.empty() && is_wanted("avatar_url")) out.set("avatar_url", user.avatar_url);
  return out;
}

std::uint32_t user_profiles::timeout_ms() const {
  return std::min(node_.settings().federation.request_timeout_ms, patience_ms_max);
}

void user_profiles::run(const command_received& m, const chat::query_profile& x) {
  const auto who = users_.resolve(x.user);
  if (!who)
    return command_failed(out_, m.reference, chat::query_profile::name,
                          {who.error().code, "user: " + who.error().detail});
  question q{m, who->user_id, x.field, out_.now()};
  if (who->is_local) {
    const auto* known = users_.find_active(q.user_id);
    if (!known)
      return complete(q, fault{fault_code::not_found, "user: " + text::quoted(x.user) + " is no user of yours"});
    return complete(q, read_profile(q.user_id, shown_profile(*known, x.field), x.field));
  }
  if (asked_.size() >= questions_max)
    return complete(q, fault{fault_code::overloaded, std::to_string(asked_.size()) + " profiles are being asked for"});
  peer_request r;
  r.reply_to = out_.self();
  r.asked = out_.next_token();
  r.endpoint = matrix::endpoint::query_profile;
  r.query = {{"user_id", q.user_id}};
  if (x.field) r.query.emplace_back("field", *x.field);
  r.timeout_ms = timeout_ms();
  r.response_bytes_max = answer_bytes_max;
  const address server{actor_kind::remote_server, std::string{matrix::server_name_of(q.user_id)}};
  asked_.emplace(r.asked, std::move(q));
  out_.send_at_once(server, std::move(r));
}

bool user_profiles::answered(const peer_answer& m) {
  const auto found = asked_.find(m.asked);
  if (found == asked_.end()) return false;
  const auto q = std::move(found->second);
  asked_.erase(found);
  if (m.status != 200) {
    complete(q, why_not_shown(m, q.user_id, q.field));
    return true;
  }
  const auto body = matrix::json::parse(m.body);
  if (const auto* told = body ? body->as_object() : nullptr) complete(q, read_profile(q.user_id, *told, q.field));
  else complete(q, fault{fault_code::peer_bad_answer, m.server_name + " does not answer with a profile"});
  return true;
}

void user_profiles::complete(const question& q, const result<profile_answer>& found) {
  constexpr auto* name = chat::query_profile::name;
  if (found) command_succeeded(out_, q.command.reference, name, *found, false);
  else command_failed(out_, q.command.reference, name, found.error());
}

time_ms user_profiles::deadline() const {
  return asked_.empty() ? 0 : asked_.begin()->second.since + timeout_ms() + profile_slack_ms;
}

void user_profiles::expire() {
  while (!asked_.empty() && out_.now() >= deadline()) {
    const auto q = std::move(asked_.begin()->second);
    asked_.erase(asked_.begin());
    complete(q, fault{fault_code::peer_timeout,
                      std::string{matrix::server_name_of(q.user_id)} + " was asked for the profile of " + q.user_id});
  }
}

} // namespace causeway::directory
