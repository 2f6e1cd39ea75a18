// Users in commands: whom a field may name, who comes to exist by it, and the commands about users. Contract: messages/chat/CONTRACT.md, "Users".
#include "actors/directory/directory_machine.hpp"

#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/media.hpp"
#include "messages/text.hpp"

namespace causeway::directory {
namespace {

fault not_ours(const std::string& user_id, const context& node) {
  return {fault_code::invalid_param, user_id + " is not a user of " + node.server_name};
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

bool directory_machine::name_local(const command_received& m, std::string& user, const char* field) {
  auto who = users_.resolve(user);
  if (!who) return refuse_name(m, field, who.error());
  if (!who->is_local) return refuse_name(m, field, not_ours(user, node_));
  user = std::move(who->user_id);
  return true;
}

bool directory_machine::let_act(const command_received& m, std::string& user, const char* field) {
  auto who = users_.resolve(user);
  if (!who) return refuse_name(m, field, who.error());
  if (!who->is_local) return refuse_name(m, field, not_ours(user, node_));
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
                                " that the broker was told of. Check the id, or say user.profile for him first"});
  if (!who->is_local)
    if (auto problem = matrix::user_id_problem(who->user_id, matrix::user_id_grammar::printable))
      return refuse_name(m, field, {fault_code::invalid_identifier, text::quoted(user) + ": " + *problem});
  user = std::move(who->user_id);
  return true;
}

void directory_machine::route(const command_received& m, const chat::user_profile& x) {
  auto who = x.localpart ? users_.choose(x.user, *x.localpart) : users_.resolve(x.user);
  if (!who) return fail(m, {who.error().code, "user: " + who.error().detail});
  if (!who->is_local) return fail(m, {fault_code::invalid_param, "user: " + not_ours(x.user, node_).detail});
  if (x.avatar && !x.avatar->empty() && !matrix::split_mxc(*x.avatar))
    return fail(m, {fault_code::bad_body, "avatar: is no mxc://server/media_id"});
  users_.make(*who);
  out_.write(users_.set_profile(who->user_id, x.display_name, x.avatar));
  done(m, chat::user_answer{who->user_id}, true);
}

void directory_machine::route(const command_received& m, const chat::query_user& x) {
  auto who = users_.resolve(x.user);
  if (!who) return fail(m, {who.error().code, "user: " + who.error().detail});
  const auto* user = users_.find(who->user_id);
  if (!who->is_local) return fail(m, {fault_code::invalid_param, "user: " + not_ours(x.user, node_).detail});
  if (user == nullptr)
    return fail(m,
                {fault_code::not_found, "user: " + text::quoted(x.user) + " is no user that the broker was told of"});
  done(m, chat::user_view{user->user_id, user->chat_name, user->display_name, user->avatar_url}, false);
}

} // namespace causeway::directory
