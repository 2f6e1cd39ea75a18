// Keys of other servers for third ones: as they told them, countersigned by us. Open to anybody, so everything is bounded and a
// server is asked no more often than for ourselves. Source: server-server-api, "Querying keys through another server".
#include "actors/directory/directory_machine.hpp"

#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/key_documents.hpp"

#include <algorithm>
#include <charconv>

namespace causeway::directory {
namespace {

using matrix::json::object;

constexpr std::size_t servers_max = 100;
constexpr std::size_t questions_max = 100;
constexpr std::size_t key_ids_max = 16;

} // namespace

void directory_machine::notary(const federation_call& m) {
  struct wanted {
    std::string server_name;
    std::int64_t valid_until_ts = 0;
    std::vector<std::string> key_ids;
  };
  std::vector<wanted> all;
  if (m.match->info->id == matrix::endpoint::key_query) {
    wanted w{m.match->parameters.at(0), now_, {}};
    if (const auto* text = m.match->find_query("minimum_valid_until_ts")) {
      const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), w.valid_until_ts);
      if (problem != std::errc{} || end != text->data() + text->size())
        return refuse(m, {fault_code::invalid_param, "minimum_valid_until_ts"});
    }
    all.push_back(std::move(w));
  } else {
    const auto* servers = m.body ? m.body->find_object("server_keys") : nullptr;
    if (!servers) return refuse(m, {fault_code::bad_json, "server_keys: an object is expected"});
    if (servers->size() > servers_max)
      return refuse(m, {fault_code::invalid_param, "server_keys: over " + std::to_string(servers_max) + " servers"});
    for (const auto& [name, keys] : *servers) {
      if (!keys.as_object()) return refuse(m, {fault_code::bad_json, "server_keys: an object per server is expected"});
      wanted w{name, 0, {}};
      for (const auto& [key_id, criteria] : *keys.as_object()) {
        if (w.key_ids.size() < key_ids_max) w.key_ids.push_back(key_id);
        const auto* until = criteria.find_integer("minimum_valid_until_ts");
        w.valid_until_ts = std::max(w.valid_until_ts, until ? *until : now_);
      }
      if (w.valid_until_ts == 0) w.valid_until_ts = now_;
      all.push_back(std::move(w));
    }
  }
  if (notary_.size() >= questions_max) return refuse(m, {fault_code::limit_exceeded, "too many questions about keys"});
  notary_question q{m.gateway, m.id, now_, 0, {}};
  const auto number = ++last_token_;
  for (auto& w : all) {
    if (w.server_name == node_.server_name) {
      q.documents.emplace_back(matrix::server_keys_document(
        node_.server_name, node_.key, node_.old_keys, now_ + std::int64_t{node_.federation.key_lifetime_h} * 3'600'000));
      continue;
    }
    // Nobody can be told by a name that is none, nor through us of a server we do not deal with.
    if (!matrix::is_server_name(w.server_name) || !node_.admits(w.server_name)) continue;
    const auto asked = ++last_token_;
    notary_asked_[asked] = {number, w.key_ids};
    ++q.open;
    now_effects_.push_back(tell{{actor_kind::remote_server, w.server_name},
                                keys_wanted{{actor_kind::directory, ""}, asked, w.valid_until_ts, std::move(w.key_ids), true}});
  }
  if (q.open == 0) return notary_answer(q);
  if (notary_.empty()) now_effects_.push_back(wake_me_at{now_ + node_.federation.request_timeout_ms, "notary"});
  notary_.emplace(number, std::move(q));
}

void directory_machine::notary_keys(const keys_found& m) {
  auto asked = notary_asked_.find(m.asked);
  if (asked == notary_asked_.end()) return;
  const auto [number, key_ids] = std::move(asked->second);
  notary_asked_.erase(asked);
  auto it = notary_.find(number);
  if (it == notary_.end()) return;
  auto& q = it->second;
  // A key its server no longer lists is proved by the document that once listed it.
  if (m.documents)
    for (auto& document : matrix::documents_with(*m.documents, key_ids)) {
      matrix::sign_json(document, node_.server_name, node_.key);
      q.documents.emplace_back(std::move(document));
    }
  if (--q.open > 0) return;
  notary_answer(q);
  notary_.erase(it);
}

void directory_machine::notary_overdue() {
  const auto patience = std::int64_t{node_.federation.request_timeout_ms};
  while (!notary_.empty() && now_ - notary_.begin()->second.since >= patience) {
    const auto number = notary_.begin()->first;
    notary_answer(notary_.begin()->second);
    notary_.erase(notary_.begin());
    std::erase_if(notary_asked_, [&](const auto& x) { return x.second.first == number; });
  }
  if (!notary_.empty()) now_effects_.push_back(wake_me_at{notary_.begin()->second.since + patience, "notary"});
}

void directory_machine::notary_answer(const notary_question& q) {
  reply(q.gateway, q.id, 200, matrix::json::canonical(object{{"server_keys", q.documents}}));
}

} // namespace causeway::directory
