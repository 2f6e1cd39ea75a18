// Users in commands: whom a field may name, who comes to exist by it, and the commands about users. Contract:
// messages/chat/CONTRACT.md, "Users".
#include "actors/directory/directory_machine.hpp"

#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/media.hpp"
#include "messages/text.hpp"

namespace causeway::directory {
namespace {

fault not_ours(const std::string& user_id, const context& node) {
  return {fault_code::invalid_param, user_id + " is not a user of " + node.server_name};
}

/// Further fields of a profile with what is changed of them. @pre each value is JSON
std::string with_fields(const std::string& kept, const std::optional<std::map<std::string, std::string>>& changed) {
  if (!changed) return kept;
  auto all = matrix::json::parse(kept.empty() ? "{}" : kept);
  auto fields = all && all->as_object() ? *all->as_object() : matrix::json::object{};
  for (const auto& [name, text] : *changed) {
    if (text.empty()) fields.erase(name);
    else if (auto parsed = matrix::json::parse(text)) fields.set(name, std::move(*parsed));
  }
  return fields.empty() ? std::string{} : matrix::json::canonical(fields);
}

} // namespace

bool directory_machine::refuse_name(const command_received& m, const char* field, const fault& why) {
  fail(m, {why.code, std::string{field} + ": " + why.detail});
  return false;
}

bool directory_machine::name_user(const command_received& m, std::string& user, const char* field) {
  auto who = users_.resolve(user);
  if (!who) return refuse_name(m, field, who.error());
  user = std::move(who->user_id);
  return true;
}

status directory_machine::is_active_here(const named_user& who, const std::string& named) const {
  if (!who.is_local) return not_ours(named, node_);
  if (const auto* user = users_.find(who.user_id); user && user->deactivated_ts != 0)
    return fault{fault_code::user_deactivated, who.user_id};
  return ok();
}

bool directory_machine::may_federate(const command_received& m, const std::string& user_id, const char* field) {
  const auto* user = users_.find(user_id);
  const auto fine = node_.may_federate(user_id, user ? user->may_federate : user_right::unsaid);
  return fine ? true : refuse_name(m, field, fine.error());
}

bool directory_machine::name_local(const command_received& m, std::string& user, const char* field) {
  auto who = users_.resolve(user);
  if (!who) return refuse_name(m, field, who.error());
  if (auto fine = is_active_here(*who, user); !fine) return refuse_name(m, field, fine.error());
  user = std::move(who->user_id);
  return true;
}

bool directory_machine::let_act(const command_received& m, std::string& user, const char* field) {
  auto who = users_.resolve(user);
  if (!who) return refuse_name(m, field, who.error());
  if (auto fine = is_active_here(*who, user); !fine) return refuse_name(m, field, fine.error());
  if (auto row = users_.make(*who)) out_.write(std::move(*row));
  user = std::move(who->user_id);
  return true;
}

bool directory_machine::name_invited(const command_received& m, std::string& user, const char* field) {
  auto who = users_.resolve(user);
  if (!who) return refuse_name(m, field, who.error());
  if (who->is_local && !who->exists)
    return refuse_name(
      m, field,
      {fault_code::not_found, text::quoted(user) + " is no user of " + node_.server_name +
                                " that the broker was told of. Check the id, or say user.profile for them first"});
  if (who->is_local)
    if (auto fine = is_active_here(*who, user); !fine) return refuse_name(m, field, fine.error());
  if (!who->is_local)
    if (auto problem = matrix::user_id_problem(who->user_id, matrix::user_id_grammar::printable))
      return refuse_name(m, field, {fault_code::invalid_identifier, text::quoted(user) + ": " + *problem});
  user = std::move(who->user_id);
  return true;
}

void directory_machine::route(const command_received& m, const chat::user_profile& x) {
  auto who = x.localpart ? users_.choose(x.user, *x.localpart) : users_.resolve(x.user);
  if (!who) return fail(m, {who.error().code, "user: " + who.error().detail});
  if (auto fine = is_active_here(*who, x.user); !fine)
    return fail(m, {fine.error().code, "user: " + fine.error().detail});
  if (x.avatar && !x.avatar->empty() && !matrix::split_mxc(*x.avatar))
    return fail(m, {fault_code::bad_body, "avatar: is no mxc://server/media_id"});
  const auto* before = users_.find(who->user_id);
  auto further = with_fields(before ? before->fields : std::string{}, x.further);
  if (further.size() > chat::profile_bytes_max)
    return fail(
      m, {fault_code::too_large, "fields: have over " + std::to_string(chat::profile_bytes_max) + " bytes together"});
  if (const auto all = matrix::json::parse(further);
      all && all->as_object() && all->as_object()->size() > chat::profile_fields_max)
    return fail(m,
                {fault_code::too_large, "fields: are over " + std::to_string(chat::profile_fields_max) + " together"});
  const bool is_new = before == nullptr; // and in no room
  users_.make(*who);
  out_.write(users_.change(who->user_id, [&](store::put_user& row) {
    const auto former = std::pair{row.display_name, row.avatar_url};
    if (x.display_name) row.display_name = *x.display_name;
    if (x.avatar) row.avatar_url = *x.avatar;
    if (x.invites) row.invites = *x.invites;
    row.fields = std::move(further);
    if (!is_new && former != std::pair{row.display_name, row.avatar_url}) row.update = store::user_update::profile;
  }));
  if (users_.find(who->user_id)->update != store::user_update::none) told_.updates.begin(who->user_id);
  done(m, chat::user_answer{who->user_id}, true);
}

void directory_machine::route(const command_received& m, const chat::user_may_federate& x) {
  auto who = users_.resolve(x.user);
  if (!who) return fail(m, {who.error().code, "user: " + who.error().detail});
  if (auto fine = is_active_here(*who, x.user); !fine)
    return fail(m, {fine.error().code, "user: " + fine.error().detail});
  users_.make(*who);
  out_.write(users_.change(who->user_id, [&](store::put_user& row) {
    row.may_federate = !x.may ? user_right::unsaid : *x.may ? user_right::yes : user_right::no;
  }));
  done(m, view_of(*users_.find(who->user_id)), true);
}

void directory_machine::route(const command_received& m, const chat::user_deactivate& x) {
  auto who = users_.resolve(x.user);
  if (!who) return fail(m, {who.error().code, "user: " + who.error().detail});
  if (!who->is_local) return fail(m, {fault_code::invalid_param, "user: " + not_ours(x.user, node_).detail});
  const auto* user = users_.find(who->user_id);
  if (user == nullptr)
    return fail(m,
                {fault_code::not_found, "user: " + text::quoted(x.user) + " is no user that the broker was told of"});
  if (user->deactivated_ts == 0) {
    out_.write(users_.change(who->user_id, [&](store::put_user& row) { row.deactivated_ts = out_.now(); }));
    out_.log(log_level::info, "A812 user deactivated; leaves all rooms", {{"user", who->user_id}});
    told_.presence.forget(who->user_id);
  }
  told_.updates.leave(who->user_id);
  done(m, view_of(*users_.find(who->user_id)), true);
}

void directory_machine::route(const command_received& m, chat::set_presence x) {
  if (!name_local(m, x.user, "user")) return;
  told_.presence.set(x.user, x);
  done(m, chat::empty_answer{}, false);
}

void directory_machine::route(const command_received& m, const chat::query_user& x) {
  auto who = users_.resolve(x.user);
  if (!who) return fail(m, {who.error().code, "user: " + who.error().detail});
  const auto* user = users_.find(who->user_id);
  if (!who->is_local) return fail(m, {fault_code::invalid_param, "user: " + not_ours(x.user, node_).detail});
  if (user == nullptr)
    return fail(m,
                {fault_code::not_found, "user: " + text::quoted(x.user) + " is no user that the broker was told of"});
  done(m, view_of(*user), false);
}

chat::user_view directory_machine::view_of(const store::put_user& user) const {
  chat::user_view x{user.user_id, user.chat_name, user.display_name, user.avatar_url};
  if (user.may_federate != user_right::unsaid) x.may_federate = user.may_federate == user_right::yes;
  if (user.invites != invite_policy::allow) x.invites = user.invites;
  if (user.deactivated_ts != 0) x.deactivated_ts = user.deactivated_ts;
  const auto further = matrix::json::parse(user.fields.empty() ? "{}" : user.fields);
  if (further && further->as_object() && !further->as_object()->empty()) {
    auto& all = x.further.emplace();
    for (const auto& one : *further->as_object()) all[one.key] = matrix::json::canonical(one.mapped);
  }
  return x;
}

} // namespace causeway::directory
