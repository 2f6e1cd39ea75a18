// The server's verify keys: cached, fetched once for all who wait. Source: server-server-api, "Retrieving server keys".
#include "actors/remote_server/remote_server_machine.hpp"

#include "messages/limits.hpp"

#include <algorithm>

namespace causeway::remote_server {
namespace {

constexpr std::size_t waiting_max = 1'000;
/// A larger answer is used but not kept for others.
constexpr std::size_t document_bytes_max = 64 * 1024;

} // namespace

bool remote_server_machine::satisfied(const keys_wanted& m) const {
  if (keys_->empty() || (m.wants_document && !key_document_)) return false;
  for (const auto& id : m.key_ids)
    if (!keys_->contains(id)) return false;
  if (m.valid_at_ts == 0) return true;
  return std::any_of(keys_->begin(), keys_->end(),
                     [&](const auto& k) { return k.second.valid_until_ts >= m.valid_at_ts; });
}

void remote_server_machine::want_keys(const keys_wanted& m) {
  const bool paused = keys_failed_at_ != 0 && now_ - keys_failed_at_ < node_.federation.key_fetch_retry_ms;
  // A key id that the server itself did not list a moment ago is not asked for again and again.
  const bool just_fetched = keys_fetched_at_ != 0 && now_ - keys_fetched_at_ < node_.federation.key_fetch_retry_ms;
  if (satisfied(m) || paused || just_fetched || keys_waiting_.size() >= waiting_max) {
    now_effects_.push_back(tell{m.reply_to, keys_found{m.asked, server_name_, keys_, key_document_}});
    return;
  }
  keys_waiting_.push_back(m);
  fetch_keys();
}

void remote_server_machine::fetch_keys() {
  if (keys_request_ != 0) return;
  keys_request_ = request(open_request::kind::keys, matrix::endpoint::key_server, {}, {}, {},
                          node_.federation.request_timeout_ms, 256 * 1024);
}

void remote_server_machine::keys_answered(const gateway::http_answer& a) {
  keys_request_ = 0;
  keys_fault_.clear();
  auto body = matrix::json::parse(a.body);
  if (a.status != 200)
    keys_fault_ = a.status == 0 ? to_string(a.why) : "HTTP " + std::to_string(a.status);
  else if (!body || !body->as_object())
    keys_fault_ = "the answer is no JSON object";
  else if (auto found = matrix::check_server_keys(*body->as_object(), server_name_, now_); !found)
    keys_fault_ = to_string(found.error());
  else {
    auto merged = *keys_;
    matrix::merge_keys(merged, *found);
    keys_ = std::make_shared<const matrix::verify_keys>(std::move(merged));
    keys_fetched_at_ = now_;
    keys_failed_at_ = 0;
    auto document = matrix::json::canonical(*body);
    key_document_ = document.size() > document_bytes_max ? nullptr : std::make_shared<const std::string>(std::move(document));
    writes_.push_back(store::put_server_keys{server_name_, *keys_, now_, key_document_ ? *key_document_ : std::string{}});
  }
  if (!keys_fault_.empty()) {
    keys_failed_at_ = now_;
    now_effects_.push_back(
      note{log_level::warning, "server keys not obtained", {{"server", server_name_}, {"why", keys_fault_}}});
  }
  give_keys();
}

void remote_server_machine::give_keys() {
  for (const auto& w : std::exchange(keys_waiting_, {}))
    now_effects_.push_back(tell{w.reply_to, keys_found{w.asked, server_name_, keys_, key_document_}});
  for (const auto& r : std::exchange(auth_waiting_, {})) authenticate(r, true);
}

} // namespace causeway::remote_server
