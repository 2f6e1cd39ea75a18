#include "actors/directory/user_names.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/text.hpp"

namespace causeway::directory {
namespace {

using matrix::user_id_grammar;

/// `bob@example.org`, `bob:example.org`: what a user of another server is called.
std::string as_matrix_id(std::string_view text, char separator) {
  const auto at = text.find(separator);
  const auto id = '@' + std::string{text.substr(0, at)} + ':' + std::string{text.substr(at + 1)};
  return matrix::is_user_id(id, user_id_grammar::printable) ? " A user of another server is " + id + "."
                                                            : std::string{};
}

std::string too_long(std::size_t bytes) {
  return "has " + std::to_string(bytes) + " bytes, an id of a user has at most 255";
}

} // namespace

std::optional<std::string> own_user_id_problem(std::string_view text, std::string_view server_name) {
  if (text.empty()) return "an id of a user is empty";
  if (text.size() > limits::identifier_bytes_max) return text::quoted(text) + ' ' + too_long(text.size());
  const auto says = [&](const std::string& what) { return text::quoted(text) + " is no id of a user: " + what; };
  const auto instead = " Write your own id of them, or @localpart:" + std::string{server_name};
  switch (text.front()) {
  case '#': return says("aliases of rooms begin with '#'." + instead);
  case '!': return says("ids of rooms begin with '!'." + instead);
  case '$': return says("ids of events begin with '$'." + instead);
  default: break;
  }
  if (!text::shows_something(text)) return says("nothing of it can be seen." + instead);
  if (const auto x = text::first_unseen(text))
    return says("it has a blank, a control character or an invisible one (" + text::code_point_name(*x) +
                "). Write it without");
  if (text.find('@') != text.npos)
    return says("it has an '@'." + as_matrix_id(text, '@') + " Your own users have ids without '@'");
  if (text.find(':') != text.npos)
    return says("it has a ':'." + as_matrix_id(text, ':') + " Your own users have ids without ':'");
  return {};
}

void user_names::load(const std::vector<store::put_user>& rows) {
  for (const auto& row : rows) {
    users_[row.user_id] = row;
    if (!row.chat_name.empty()) user_by_own_id_.emplace(row.chat_name, row.user_id);
  }
}

std::string user_names::id_of(std::string_view localpart) const {
  return '@' + std::string{localpart} + ':' + node_.server_name;
}

const store::put_user* user_names::find(const std::string& user_id) const {
  const auto found = users_.find(user_id);
  return found == users_.end() ? nullptr : &found->second;
}

const store::put_user* user_names::find_active(const std::string& user_id) const {
  const auto* user = find(user_id);
  return user && user->deactivated_ts == 0 ? user : nullptr;
}

result<named_user> user_names::resolve(const std::string& named) const {
  if (const auto known = user_by_own_id_.find(named); known != user_by_own_id_.end())
    return named_user{known->second, named, true, true};
  if (named.starts_with('@')) return by_matrix_id(named);
  if (auto problem = own_user_id_problem(named, node_.server_name))
    return {fault_code::invalid_identifier, std::move(*problem)};
  auto user_id = id_of(matrix::localpart_from_name_preserving_case(named));
  if (user_id.size() > limits::identifier_bytes_max)
    return {fault_code::invalid_identifier, "the Matrix id of " + text::quoted(named) + ' ' + too_long(user_id.size()) +
                                              ". Choose another one: user.profile with `localpart`"};
  return as(named, std::move(user_id));
}

result<named_user> user_names::by_matrix_id(const std::string& named) const {
  const auto shown = text::quoted(named);
  if (named.find(':') == named.npos)
    return {fault_code::invalid_identifier,
            shown + ": a user id ends in ':' and the name of its server. A user of yours is your own id of them, or " +
              "@localpart:" + node_.server_name};
  const bool local = node_.is_local(named);
  if (auto problem = matrix::user_id_problem(named, local ? user_id_grammar::strict : user_id_grammar::historical)) {
    const auto instead = local ? ". Your own id of them may have any letters, their Matrix id is made of it" : "";
    return {fault_code::invalid_identifier, shown + ": " + *problem + instead};
  }
  return named_user{named, {}, local, local && users_.contains(named)};
}

result<named_user> user_names::as(const std::string& own_id, std::string user_id) const {
  const auto* known = find(user_id);
  if (known && !known->chat_name.empty() && known->chat_name != own_id)
    return {fault_code::already_exists,
            text::quoted(own_id) + " would be " + user_id + ", which is " + text::quoted(known->chat_name) +
              ". Choose another Matrix id for one who is new: user.profile with `localpart`"};
  return named_user{std::move(user_id), own_id, true, known != nullptr};
}

result<named_user> user_names::choose(const std::string& named, const std::string& localpart) const {
  auto wanted = id_of(localpart);
  auto problem = matrix::user_id_problem(wanted, user_id_grammar::strict);
  if (localpart.find(':') != localpart.npos) problem = "it has a ':', behind which a server name would begin";
  if (problem) return {fault_code::invalid_identifier, "localpart: " + text::quoted(localpart) + ": " + *problem};
  if (const auto known = user_by_own_id_.find(named); known != user_by_own_id_.end()) {
    if (known->second == wanted) return named_user{std::move(wanted), named, true, true};
    return {fault_code::conflict,
            "localpart: " + text::quoted(named) + " is " + known->second + ", and a Matrix id never changes"};
  }
  if (named.starts_with('@')) {
    if (named != wanted)
      return {fault_code::conflict,
              "localpart: " + text::quoted(named) + " is a Matrix id already. Give your own id of them as `user`"};
    return by_matrix_id(named);
  }
  if (auto own = own_user_id_problem(named, node_.server_name))
    return {fault_code::invalid_identifier, std::move(*own)};
  return as(named, std::move(wanted));
}

std::optional<store::put_user> user_names::make(const named_user& who) {
  auto [known, is_new] = users_.try_emplace(who.user_id, store::put_user{who.user_id, who.own_id, {}, {}});
  auto& row = known->second;
  const bool gets_name = row.chat_name.empty() && !who.own_id.empty();
  if (!is_new && !gets_name) return {};
  if (gets_name) row.chat_name = who.own_id;
  if (!row.chat_name.empty()) user_by_own_id_.emplace(row.chat_name, row.user_id);
  return row;
}

} // namespace causeway::directory
