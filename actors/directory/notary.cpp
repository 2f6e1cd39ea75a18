#include "actors/directory/notary.hpp"

#include "actors/answers.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/key_documents.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace causeway::directory {
namespace {

using matrix::json::object;

constexpr std::size_t servers_max = 100;
constexpr std::size_t questions_max = 100;
constexpr std::size_t key_ids_max = 16;
/// Servers asked for their keys at once, for all who ask; beyond it only what is kept is told.
constexpr std::size_t fetches_max = 100;
/// Documents in one answer, bytes: what is left out may be asked for by itself.
constexpr std::size_t answer_bytes_max = 512 * 1024;

/// Whether documents kept of a server are all that was asked for.
bool suffices(const matrix::key_documents& kept, std::int64_t valid_until_ts, const std::vector<std::string>& key_ids) {
  if (kept.empty()) return false;
  bool fresh = false;
  std::vector<std::string> missing = key_ids;
  for (const auto& text : kept) {
    const auto document = matrix::json::parse(text);
    if (!document || !document->as_object()) continue;
    const auto* until = document->find_integer("valid_until_ts");
    const bool good = until && *until >= valid_until_ts;
    fresh = fresh || good;
    std::erase_if(missing, [&](const auto& id) {
      const auto* current = document->find_object("verify_keys");
      const auto* old = document->find_object("old_verify_keys");
      return (good && current && current->find(id)) ||
             (old && old->find(id)); // a retired key is as good as it will ever get
    });
  }
  return key_ids.empty() ? fresh : missing.empty();
}

} // namespace

result<std::vector<notary::requested>> notary::requested_by(const federation_call& m) const {
  std::vector<requested> all;
  if (m.match->info->id == matrix::endpoint::key_query) {
    requested w{m.match->parameters.at(0), out_.now(), {}};
    if (const auto* text = m.match->find_query("minimum_valid_until_ts")) {
      const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), w.valid_until_ts);
      if (problem != std::errc{} || end != text->data() + text->size())
        return {fault_code::invalid_param, "minimum_valid_until_ts"};
    }
    all.push_back(std::move(w));
    return all;
  }
  const auto* servers = m.body ? m.body->find_object("server_keys") : nullptr;
  if (!servers) return {fault_code::bad_json, "server_keys: an object is expected"};
  if (servers->size() > servers_max)
    return {fault_code::invalid_param, "server_keys: over " + std::to_string(servers_max) + " servers"};
  for (const auto& [name, keys] : *servers) {
    if (!keys.as_object()) return {fault_code::bad_json, "server_keys: an object per server is expected"};
    requested w{name, 0, {}};
    for (const auto& [key_id, criteria] : *keys.as_object()) {
      if (w.key_ids.size() < key_ids_max) w.key_ids.push_back(key_id);
      const auto* until = criteria.find_integer("minimum_valid_until_ts");
      w.valid_until_ts = std::max(w.valid_until_ts, until ? *until : out_.now());
    }
    if (w.valid_until_ts == 0) w.valid_until_ts = out_.now();
    all.push_back(std::move(w));
  }
  return all;
}

void notary::ask(const federation_call& m) {
  auto wanted = requested_by(m);
  if (!wanted) return refuse(out_, m, wanted.error());
  if (open_.size() >= questions_max)
    return refuse(out_, m, {fault_code::limit_exceeded, "too many questions about keys"});
  question q;
  q.call = m;
  q.call.body = nullptr;
  q.since = out_.now();
  store::load_key_documents kept;
  for (auto& w : *wanted) {
    if (w.server_name == node_.server_name) {
      add(q, matrix::server_keys_document(node_.server_name, node_.key, node_.old_keys,
                                          out_.now() +
                                            std::int64_t{node_.settings().federation.key_lifetime_h} * 3'600'000));
      continue;
    }
    // Nobody can be told by a name that is none, nor through us of a server we do not deal with.
    if (!matrix::is_server_name(w.server_name) || !node_.admits(w.server_name)) continue;
    kept.servers.push_back(w.server_name);
    q.wanted.push_back(std::move(w));
  }
  if (q.wanted.empty()) return answer(q);
  q.reading = out_.next_token();
  out_.ask(q.reading, std::move(kept));
  if (open_.empty()) out_.wake_at(out_.now() + node_.settings().federation.request_timeout_ms, timer);
  open_.emplace(out_.next_token(), std::move(q));
}

bool notary::answered(const store_answered& m) {
  const auto it = std::find_if(open_.begin(), open_.end(), [&](const auto& x) { return x.second.reading == m.asked; });
  if (m.asked == 0 || it == open_.end()) return false;
  auto& [number, q] = *it;
  q.reading = 0;
  static const store::key_documents_loaded nothing; // the store is busy
  const auto* loaded = std::get_if<store::key_documents_loaded>(m.answer.get());
  const auto& kept = (loaded ? *loaded : nothing).documents;
  for (auto& w : std::exchange(q.wanted, {})) {
    const auto found = kept.find(w.server_name);
    const auto documents = found == kept.end() ? matrix::key_documents{} : matrix::split_documents(found->second);
    const bool may_fetch = !q.call.origin.empty() &&
                           node_.settings().federation.notary == config::notary_service::fetched &&
                           fetches_.size() < fetches_max;
    if (may_fetch && !suffices(documents, w.valid_until_ts, w.key_ids)) fetch(number, q, std::move(w));
    else add(q, documents, w.key_ids);
  }
  if (q.open > 0) return true;
  answer(q);
  open_.erase(it);
  return true;
}

void notary::fetch(token number, question& q, requested w) {
  const auto asked = out_.next_token();
  fetches_[asked] = {number, w.key_ids};
  ++q.open;
  out_.send_at_once({actor_kind::remote_server, w.server_name},
                    keys_request{{actor_kind::directory, ""}, asked, w.valid_until_ts, std::move(w.key_ids), true});
}

void notary::answered(const keys_response& m) {
  auto asked = fetches_.find(m.asked);
  if (asked == fetches_.end()) return;
  const auto [number, key_ids] = std::move(asked->second);
  fetches_.erase(asked);
  auto it = open_.find(number);
  if (it == open_.end()) return;
  auto& q = it->second;
  if (m.documents) add(q, *m.documents, key_ids);
  if (--q.open > 0) return;
  answer(q);
  open_.erase(it);
}

void notary::add(question& q, const std::vector<std::string>& kept, const std::vector<std::string>& key_ids) const {
  // A key its server no longer lists is proved by the document that once listed it.
  for (auto& document : matrix::documents_with(kept, key_ids)) {
    matrix::sign_json(document, node_.server_name, node_.key);
    add(q, document);
  }
}

void notary::add(question& q, const object& document) const {
  const auto bytes = matrix::json::canonical(document).size();
  if (q.bytes + bytes > answer_bytes_max) return;
  q.bytes += bytes;
  q.documents.emplace_back(document);
}

void notary::on_timer() {
  const auto patience = std::int64_t{node_.settings().federation.request_timeout_ms};
  while (!open_.empty() && out_.now() - open_.begin()->second.since >= patience) {
    const auto number = open_.begin()->first;
    answer(open_.begin()->second);
    open_.erase(open_.begin());
    std::erase_if(fetches_, [&](const auto& x) { return x.second.first == number; });
  }
  if (!open_.empty()) out_.wake_at(open_.begin()->second.since + patience, timer);
}

void notary::answer(const question& q) {
  reply(out_, q.call, 200, matrix::json::canonical(object{{"server_keys", q.documents}}));
}

} // namespace causeway::directory
