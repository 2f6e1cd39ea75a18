// This server as a notary: it is asked for the keys of others, for all that were wanted within a moment at once. It alone knows the keys by which
// its countersignature is checked. Source: server-server-api, "Querying keys through another server".
#include "actors/due.hpp"
#include "actors/remote_server/remote_server_machine.hpp"

#include <algorithm>

namespace causeway::remote_server {
namespace {

using matrix::json::object;

/// A room of many servers wants the keys of all of them at once: their actors have to be made and to ask their way here.
constexpr time_ms gather_ms = 250;
constexpr std::size_t servers_per_question_max = 100;
constexpr std::size_t questions_open_max = 4;
constexpr std::size_t others_waiting_max = 20'000;
constexpr std::size_t notary_bytes_max = 8 * 1024 * 1024;

} // namespace

void remote_server_machine::ask_for_other(const notary_keys_wanted& m) {
  if (others_waiting_.size() >= others_waiting_max) {
    out_.send_at_once({actor_kind::remote_server, m.server_name},
                      notary_keys_told{m.asked, server_name_, {}, "too many keys are asked for"});
    return;
  }
  if (others_waiting_.empty()) out_.wake_at(out_.now() + gather_ms, "others");
  others_waiting_.push_back(m);
  if (others_waiting_.size() == servers_per_question_max) ask_for_others();
}

void remote_server_machine::ask_for_others() {
  while (!others_waiting_.empty() && others_open_ < questions_open_max) {
    std::vector<notary_keys_wanted> batch;
    object servers;
    while (!others_waiting_.empty() && batch.size() < servers_per_question_max) {
      auto q = std::move(others_waiting_.front());
      others_waiting_.pop_front();
      object keys;
      for (const auto& id : q.key_ids) {
        object criteria;
        if (q.valid_at_ts != 0) criteria.set("minimum_valid_until_ts", q.valid_at_ts);
        keys.set(id, std::move(criteria));
      }
      servers.set(q.server_name, std::move(keys));
      batch.push_back(std::move(q));
    }
    const auto id = request(open_request::kind::notary, matrix::endpoint::key_query_batch, {}, {},
                            matrix::json::canonical(object{{"server_keys", std::move(servers)}}),
                            node_.federation.notary_timeout_ms, notary_bytes_max);
    open_.at(id).batch = std::move(batch);
    ++others_open_;
    if (keys_->empty() && keys_request_ == 0) fetch_keys(); // they are wanted when the answer comes
  }
}

void remote_server_machine::others_answered(const open_request& r, const gateway::http_answer& a) {
  --others_open_;
  ask_for_others();
  std::string why;
  others_answer x;
  auto body = matrix::json::parse(a.body);
  const auto* list = body ? body->find_array("server_keys") : nullptr;
  if (a.status != 200) why = a.status == 0 ? to_string(a.why) : "HTTP " + std::to_string(a.status);
  else if (!list) why = "the answer has no server_keys";
  if (!why.empty()) {
    for (const auto& q : r.batch)
      out_.send_at_once({actor_kind::remote_server, q.server_name}, notary_keys_told{q.asked, server_name_, {}, why});
    return;
  }
  const auto documents_max = r.batch.size() * matrix::key_documents_max;
  for (const auto& one : *list)
    if (one.as_object() && x.documents.size() < documents_max) x.documents.push_back(*one.as_object());
  x.asked = r.batch;
  const bool unknown_key = std::any_of(x.documents.begin(), x.documents.end(), [&](const auto& d) {
    return countersigned(d) == countersignature::unknown_key;
  });
  if (unknown_key &&
      (keys_request_ != 0 || !is_within(keys_asked_at_, node_.federation.key_fetch_retry_ms, out_.now()))) {
    others_unchecked_.push_back(std::move(x));
    return fetch_keys();
  }
  give_others(x);
}

void remote_server_machine::check_others() {
  for (const auto& x : std::exchange(others_unchecked_, {})) give_others(x);
}

remote_server_machine::countersignature remote_server_machine::countersigned(const object& document) const {
  const auto* signatures = document.find("signatures");
  const auto* own = signatures ? signatures->find_object(server_name_) : nullptr;
  if (!own) return countersignature::invalid;
  auto verdict = countersignature::invalid;
  for (const auto& s : *own) {
    const auto key = keys_->find(s.key);
    if (key == keys_->end() || key->second.is_old || key->second.valid_until_ts < out_.now())
      verdict = countersignature::unknown_key;
    else if (matrix::verify_json(document, server_name_, s.key, key->second.public_key_base64))
      return countersignature::valid;
    else verdict = countersignature::unknown_key; // it may have another key under this id by now
  }
  return verdict;
}

void remote_server_machine::give_others(const others_answer& x) {
  for (const auto& q : x.asked) {
    notary_keys_told told{q.asked, server_name_, {}, {}};
    for (const auto& d : x.documents) {
      const auto* name = d.find("server_name");
      if (!name || !name->as_string() || *name->as_string() != q.server_name) continue;
      if (countersigned(d) == countersignature::valid) told.documents.push_back(d);
      else told.why = "the notary's signature is not valid or its key not known";
    }
    out_.send_at_once({actor_kind::remote_server, q.server_name}, std::move(told));
  }
}

} // namespace causeway::remote_server
