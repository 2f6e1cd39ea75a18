#include "actors/remote_server/notary_client.hpp"

#include "messages/matrix/signing.hpp"

#include <algorithm>
#include <utility>

namespace causeway::remote_server {
namespace {

using matrix::json::object;

} // namespace

void notary_client::want(const notary_keys_request& m) {
  if (waiting_.size() >= waiting_max) return refuse({m}, "too many keys are asked for");
  if (waiting_.empty()) out_.wake_at(out_.now() + gather_ms, timer);
  waiting_.push_back(m);
  if (waiting_.size() == servers_per_request_max) send();
}

void notary_client::refuse(const std::vector<notary_keys_request>& asked, const std::string& why) {
  for (const auto& q : asked)
    out_.send_at_once({actor_kind::remote_server, q.server_name}, notary_keys_response{q.asked, server_.name, {}, why});
}

void notary_client::send() {
  while (!waiting_.empty() && open_ < requests_open_max) {
    send_batch();
    if (keys_.keys().empty() && !keys_.is_fetching()) keys_.fetch(); // they are needed when the answer comes
  }
}

void notary_client::send_batch() {
  notary_request batch;
  object servers;
  while (!waiting_.empty() && batch.asked.size() < servers_per_request_max) {
    auto q = std::move(waiting_.front());
    waiting_.pop_front();
    object keys;
    for (const auto& id : q.key_ids) {
      object criteria;
      if (q.valid_at_ts != 0) criteria.set("minimum_valid_until_ts", q.valid_at_ts);
      keys.set(id, std::move(criteria));
    }
    servers.set(q.server_name, std::move(keys));
    batch.asked.push_back(std::move(q));
  }
  requests_.send(std::move(batch), {.endpoint = matrix::endpoint::key_query_batch,
                                    .body = matrix::json::canonical(object{{"server_keys", std::move(servers)}}),
                                    .timeout_ms = server_.options().notary_timeout_ms,
                                    .response_bytes_max = response_bytes_max});
  ++open_;
}

void notary_client::answered(const notary_request& r, const gateway::http_answer& a) {
  --open_;
  send();
  const auto body = matrix::json::parse(a.body);
  const auto* list = body ? body->find_array("server_keys") : nullptr;
  if (a.status != 200) return refuse(r.asked, a.status == 0 ? to_string(a.why) : "HTTP " + std::to_string(a.status));
  if (!list) return refuse(r.asked, "the answer has no server_keys");
  response x{r.asked, {}};
  const auto documents_max = r.asked.size() * matrix::key_documents_max;
  for (const auto& one : *list)
    if (one.as_object() && x.documents.size() < documents_max) x.documents.push_back(*one.as_object());
  const bool unknown_key = std::any_of(x.documents.begin(), x.documents.end(),
                                       [&](const auto& d) { return check(d) == countersignature::unknown_key; });
  if (!unknown_key || !may_fetch_keys()) return hand_on(x);
  unchecked_.push_back(std::move(x));
  keys_.fetch();
}

bool notary_client::may_fetch_keys() const {
  return keys_.is_fetching() || !keys_.were_asked_within(server_.options().key_fetch_retry_ms);
}

void notary_client::check_waiting() {
  for (const auto& x : std::exchange(unchecked_, {})) hand_on(x);
}

notary_client::countersignature notary_client::check(const object& document) const {
  const auto* signatures = document.find("signatures");
  const auto* own = signatures ? signatures->find_object(server_.name) : nullptr;
  if (!own) return countersignature::invalid;
  auto verdict = countersignature::invalid;
  for (const auto& s : *own) {
    const auto* key = keys_.current(s.key);
    if (key && matrix::verify_json(document, server_.name, s.key, key->public_key_base64))
      return countersignature::valid;
    verdict = countersignature::unknown_key; // it may have another key under this id by now
  }
  return verdict;
}

void notary_client::hand_on(const response& x) {
  for (const auto& q : x.asked) {
    notary_keys_response told{q.asked, server_.name, {}, {}};
    for (const auto& d : x.documents) {
      const auto* name = d.find("server_name");
      if (!name || !name->as_string() || *name->as_string() != q.server_name) continue;
      if (check(d) == countersignature::valid) told.documents.push_back(d);
      else told.why = "the notary's signature is not valid or its key not known";
    }
    out_.send_at_once({actor_kind::remote_server, q.server_name}, std::move(told));
  }
}

} // namespace causeway::remote_server
