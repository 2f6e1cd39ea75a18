// Users of ours whom the chat server is asked for, because somebody of another server asks for them. Contract:
// messages/chat/CONTRACT.md, "Users the broker does not know".
#include "actors/answers.hpp"
#include "actors/directory/directory_machine.hpp"

#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/media.hpp"

namespace causeway::directory {
namespace {

/// An invitation that came by way of a room is asked about again after that.
constexpr std::uint32_t ask_again_ms = 30'000;

} // namespace

bool directory_machine::ask_chat_server(const std::string& user_id, const std::string& origin,
                                        const user_asks::waiting& who) {
  if (!asks_.wants(user_id)) return false;
  if (!asks_.ask(user_id, origin, who))
    tell_unknown(who, {fault_code::limit_exceeded, "too many questions about users nobody has told of"});
  return true;
}

void directory_machine::tell_unknown(const user_asks::waiting& who, const fault& why) {
  if (const auto* call = std::get_if<federation_call>(&who)) return refuse(out_, *call, why);
  const auto& m = std::get<invite_admission_request>(who);
  out_.send_at_once(m.reply_to, invite_admitted{m.asked, ask_again_ms});
}

void directory_machine::go_on(const user_asks::ended& q) {
  for (const auto& who : q.who) {
    if (const auto* call = std::get_if<federation_call>(&who)) federation(*call);
    else admit_invite(std::get<invite_admission_request>(who));
  }
}

void directory_machine::asks_overdue() {
  for (const auto& q : asks_.take_overdue()) {
    out_.log(log_level::warning, "A821 ask.user not answered in time", {{"user", q.user_id}});
    for (const auto& who : q.who)
      tell_unknown(who, {fault_code::timed_out, "it is not known yet whether there is such a user"});
  }
}

void directory_machine::route(const command_received& m, const chat::answer_user& x) {
  const auto user_id = asks_.user_of(x.ask);
  if (!user_id) return fail(m, {fault_code::not_found, "ask: no such question is open"});
  if (!x.exists || !x.may_federate.value_or(true)) {
    asks_.set_absent(*user_id);
  } else {
    const auto who =
      x.own_id ? users_.choose(*x.own_id, std::string{matrix::localpart_of(*user_id)}) : users_.resolve(*user_id);
    if (!who) return fail(m, {who.error().code, "own_id: " + who.error().detail});
    if (x.avatar && !x.avatar->empty() && !matrix::split_mxc(*x.avatar))
      return fail(m, {fault_code::bad_body, "avatar: is no mxc://server/media_id"});
    users_.make(*who);
    out_.write(users_.change(*user_id, [&](store::put_user& row) {
      if (x.display_name) row.display_name = *x.display_name;
      if (x.avatar) row.avatar_url = *x.avatar;
      if (x.may_federate) row.may_federate = user_right::yes;
      if (x.invites) row.invites = *x.invites;
    }));
    asks_.set_present(*user_id);
  }
  go_on(asks_.answered(x.ask));
  done(m, chat::user_answer{*user_id}, true);
}

} // namespace causeway::directory
