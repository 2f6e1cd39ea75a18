#include "actors/directory/user_checks.hpp"

#include "actors/answers.hpp"
#include "actors/excerpt.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::directory {
namespace {

using chat::verification;

/// The remote_server actor answers always, unless it failed meanwhile.
constexpr time_ms check_slack_ms = 2'000;
/// Words of another server in an answer.
constexpr std::size_t reason_shown_max = 500;

void put_verdict(chat::verified_user& into, verification state, const fault& why) {
  into.state = chat::verifications[static_cast<std::size_t>(state)];
  if (state != verification::unable_to_verify) return;
  into.fault = std::string{info(why.code).name};
  into.reason = excerpt(why.detail, reason_shown_max);
}

} // namespace

std::uint32_t user_checks::timeout_ms() const {
  return std::min(node_.settings().federation.request_timeout_ms, patience_ms_max);
}

void user_checks::run(const command_received& m, const chat::query_verify_users& x) {
  if (questions_.size() >= questions_max || asked_.size() + x.users.size() > asked_max)
    return command_failed(out_, m.reference, chat::query_verify_users::name,
                          {fault_code::overloaded, std::to_string(asked_.size()) + " users are being asked for"});
  const auto number = ++last_question_;
  auto& q = questions_[number] = {m, {}, 0, out_.now()};
  q.answer.users.resize(x.users.size());
  for (std::size_t i = 0; i < x.users.size(); ++i) {
    auto& user = q.answer.users[i];
    user.user = x.users[i];
    std::string user_id;
    if (know(user, user_id)) continue;
    ++q.missing;
    ask(user_id, {number, i});
  }
  if (q.missing == 0) finish(number);
}

bool user_checks::know(chat::verified_user& into, std::string& user_id) const {
  const auto who = users_.resolve(into.user);
  if (!who) {
    put_verdict(into, verification::unable_to_verify, who.error());
    return true;
  }
  if (who->is_local) {
    put_verdict(into, users_.find_active(who->user_id) ? verification::verified : verification::unverified, {});
    return true;
  }
  user_id = who->user_id;
  const auto known = kept_.find(user_id);
  if (known == kept_.end() || known->second.until <= out_.now()) return false;
  put_verdict(into, known->second.state, {});
  return true;
}

void user_checks::ask(const std::string& user_id, place who_waits) {
  auto& waiting = waiting_[user_id];
  waiting.push_back(who_waits);
  if (waiting.size() > 1) return;
  peer_request r;
  r.reply_to = out_.self();
  r.asked = out_.next_token();
  r.endpoint = matrix::endpoint::query_profile;
  r.query = {{"user_id", user_id}};
  r.timeout_ms = timeout_ms();
  asked_.emplace(r.asked, user_id);
  out_.send_at_once({actor_kind::remote_server, std::string{matrix::server_name_of(user_id)}}, std::move(r));
}

bool user_checks::answered(const peer_answer& m) {
  const auto found = asked_.find(m.asked);
  if (found == asked_.end()) return false;
  const auto user_id = std::move(found->second);
  asked_.erase(found);
  if (m.status == 200) complete(user_id, verification::verified, {});
  else if (m.status == 404 && m.errcode == "M_NOT_FOUND") complete(user_id, verification::unverified, {});
  else complete(user_id, verification::unable_to_verify, m.why);
  return true;
}

void user_checks::complete(const std::string& user_id, verification state, const fault& why) {
  if (state != verification::unable_to_verify) keep(user_id, state); // what failed may succeed in a moment
  const auto waiting = waiting_.find(user_id);
  if (waiting == waiting_.end()) return;
  for (const auto& [number, at] : std::exchange(waiting->second, {})) {
    const auto q = questions_.find(number);
    if (q == questions_.end()) continue;
    put_verdict(q->second.answer.users[at], state, why);
    if (--q->second.missing == 0) finish(number);
  }
  waiting_.erase(user_id);
}

void user_checks::keep(const std::string& user_id, verification state) {
  while (!kept_until_.empty() && (kept_until_.front().first <= out_.now() || kept_until_.size() >= kept_max)) {
    const auto& [until, oldest] = kept_until_.front();
    if (const auto it = kept_.find(oldest); it != kept_.end() && it->second.until == until) kept_.erase(it);
    kept_until_.pop_front();
  }
  kept_[user_id] = {state, out_.now() + kept_ms};
  kept_until_.emplace_back(out_.now() + kept_ms, user_id);
}

void user_checks::finish(std::uint64_t number) {
  const auto found = questions_.find(number);
  const auto q = std::move(found->second);
  questions_.erase(found);
  command_succeeded(out_, q.command.reference, chat::query_verify_users::name, q.answer, false);
}

time_ms user_checks::deadline() const {
  return questions_.empty() ? 0 : questions_.begin()->second.since + timeout_ms() + check_slack_ms;
}

void user_checks::expire() {
  while (!questions_.empty() && out_.now() >= deadline()) {
    const auto& q = *questions_.begin();
    std::vector<std::string> late;
    for (const auto& [user_id, waiting] : waiting_)
      if (std::ranges::any_of(waiting, [&](const place& x) { return x.first == q.first; })) late.push_back(user_id);
    for (const auto& user_id : late) {
      std::erase_if(asked_, [&](const auto& x) { return x.second == user_id; });
      complete(user_id, verification::unable_to_verify,
               {fault_code::peer_timeout, std::string{matrix::server_name_of(user_id)} + " was asked for " + user_id});
    }
  }
}

} // namespace causeway::directory
