#include "actors/room/pending_questions.hpp"

#include <algorithm>

namespace causeway::room {

token pending_questions::ask_server(const std::string& server, peer_request r, question::any about) {
  r.reply_to = out_.self();
  const auto asked = r.asked = expect(std::move(about), time_ms{r.timeout_ms} + lost_after_ms);
  out_.send_at_once({actor_kind::remote_server, server}, std::move(r));
  return asked;
}

token pending_questions::ask_store(store::query q, question::any about) {
  const auto asked = expect(std::move(about), store_patience_ms);
  out_.ask(asked, std::move(q));
  return asked;
}

token pending_questions::ask_store_after_commit(store::query q, question::any about) {
  const auto asked = expect(std::move(about), store_patience_ms);
  out_.ask_after_commit(asked, std::move(q));
  return asked;
}

token pending_questions::verify(std::vector<matrix::event_ptr> events, question::any about, time_ms patience_ms,
                                time_ms keys_ms) {
  const auto asked = expect(std::move(about), patience_ms);
  out_.send_at_once({actor_kind::verifier, ""}, verify_events{out_.self(), asked, std::move(events), keys_ms});
  return asked;
}

token pending_questions::expect(question::any about, time_ms patience_ms) {
  const auto asked = out_.next_token();
  const auto until = out_.now() + patience_ms;
  earliest_ = open_.empty() ? until : std::min(earliest_, until);
  ++counts_[about.index()];
  open_.emplace(asked, entry{std::move(about), until});
  return asked;
}

std::optional<question::any> pending_questions::take(token asked) {
  const auto it = open_.find(asked);
  if (it == open_.end()) return {};
  auto about = std::move(it->second.about);
  --counts_[about.index()];
  open_.erase(it);
  return about;
}

std::optional<std::pair<timed_out, question::any>> pending_questions::take_expired() {
  if (open_.empty() || earliest_ > out_.now()) return {};
  const auto first = std::min_element(open_.begin(), open_.end(),
                                      [](const auto& a, const auto& b) { return a.second.until < b.second.until; });
  earliest_ = first->second.until;
  if (earliest_ > out_.now()) return {};
  const auto asked = first->first;
  return std::pair{timed_out{asked}, *take(asked)};
}

} // namespace causeway::room
