#include "room_check.hpp"

#include "messages/matrix/auth_rules.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/signing.hpp"
#include "messages/matrix/state_resolution.hpp"

#include <openssl/sha.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <set>
#include <unordered_map>

namespace causeway::test {

using namespace causeway::matrix;

namespace {

const std::string& text_at(const json::value& x, std::string_view key) {
  static const std::string nothing;
  const auto* found = x.find_string(key);
  return found ? *found : nothing;
}

const json::array& list_at(const json::object& x, std::string_view key) {
  static const json::array nothing;
  const auto* found = x.find(key);
  return found && found->as_array() ? *found->as_array() : nothing;
}

json::value as_list(const state_map& state) {
  json::array list;
  for (const auto& [key, id] : state) list.emplace_back(json::array{key.first, key.second, id});
  return list;
}

std::string short_hash(const state_map& state) {
  const auto text = json::canonical(as_list(state));
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  constexpr std::string_view hex = "0123456789abcdef";
  std::string result;
  for (int i = 0; i < 8; ++i) {
    result += hex[digest[i] >> 4];
    result += hex[digest[i] & 15];
  }
  return result;
}

/// A room as a server sees it that gets every event sooner or later.
class room {
public:
  room(const json::object& file, room_report& report) : file_{file}, report_{report} {
    const auto* version = file.find("room_version");
    rules_ = version && version->as_string() ? find_room_version(*version->as_string()) : nullptr;
    if (const auto* servers = file.find("keys"); servers && servers->as_object())
      for (const auto& [server, key] : *servers->as_object())
        keys_[server][text_at(key, "key_id")] = {text_at(key, "public"), std::numeric_limits<std::int64_t>::max(),
                                                 false};
  }

  void run(std::string_view order) {
    if (!rules_) return wrong("room version is not known");
    const auto& pdus = list_at(file_, "pdus");
    const auto& expected = list_at(file_, "events");
    if (pdus.empty() || pdus.size() != expected.size()) return wrong("file has no events");
    report_.events = pdus.size();
    for (const auto index : arrival(order, pdus.size())) receive(pdus[index], expected[index]);
    if (!waiting_.empty()) wrong("events still wait for their parents");
    check_merges();
    check_end();
  }

private:
  struct judged {
    event_ptr x;
    const json::value* expected = nullptr;
    std::set<std::string> fails;
    state_ptr before, after;
  };

  void wrong(std::string what) { report_.wrong.push_back(std::move(what)); }

  std::vector<std::size_t> arrival(std::string_view order, std::size_t count) {
    std::vector<std::size_t> result;
    if (order == "causal") {
      for (std::size_t i = 0; i < count; ++i) result.push_back(i);
      return result;
    }
    const auto* orders = file_.find("orders");
    const auto* list = orders ? orders->find_array(order) : nullptr;
    for (const auto& index : list ? *list : json::array{})
      if (const auto* i = index.as_integer(); i && *i >= 0 && static_cast<std::size_t>(*i) < count)
        result.push_back(static_cast<std::size_t>(*i));
    if (result.size() != count) wrong("order " + std::string{order} + " is incomplete");
    return result;
  }

  void receive(const json::value& pdu, const json::value& expected) {
    auto parsed = parse_event(json::canonical(pdu), *rules_);
    if (!parsed) return wrong(text_at(expected, "id") + ": " + to_string(parsed.error()));
    judged entry;
    entry.x = std::move(*parsed);
    entry.expected = &expected;
    if (entry.x->event_id != text_at(expected, "id"))
      wrong(text_at(expected, "id") + ": computed id is " + entry.x->event_id);
    waiting_.push_back(std::move(entry));
    // An arrival may free others, and these again others.
    for (bool progress = true; progress;) {
      progress = false;
      for (std::size_t i = 0; i < waiting_.size(); ++i)
        if (is_complete(*waiting_[i].x)) {
          auto ready = std::move(waiting_[i]);
          waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
          judge(std::move(ready));
          progress = true;
          break;
        }
    }
  }

  bool is_complete(const event& x) const {
    const auto is_known = [&](const std::string& id) { return events_.contains(id); };
    return std::all_of(x.prev_events.begin(), x.prev_events.end(), is_known) &&
           std::all_of(x.auth_events.begin(), x.auth_events.end(), is_known) && (create_ || x.type == "m.room.create");
  }

  const event* find(std::string_view id) const {
    const auto found = events_.find(std::string{id});
    return found == events_.end() ? nullptr : found->second.x.get();
  }
  bool is_rejected(std::string_view id) const {
    const auto found = events_.find(std::string{id});
    return found == events_.end() || !found->second.fails.empty();
  }

  bool has_valid_signatures(const event& x) {
    const auto digested = digest(x);
    if (!digested.content_hash_matches) wrong(x.event_id + ": content hash does not match");
    for (const auto& server : required_signers(x, kept_as::whole))
      if (check_event_signature(x, digested.signed_bytes, server, keys_[server]) != signature_verdict::valid)
        return false;
    return true;
  }

  state_map resolved(const std::vector<state_ptr>& states) const {
    return resolve(states, {rules_, create_, [this](std::string_view id) { return find(id); },
                            [this](std::string_view id) { return is_rejected(id); }});
  }

  void judge(judged entry) {
    const auto& x = *entry.x;
    if (!has_valid_signatures(x)) entry.fails.insert("signature");

    const event_lookup find_event = [this](std::string_view id) { return find(id); };
    const bool is_first = x.type == "m.room.create" && !create_;
    const auto* create = is_first ? nullptr : create_;
    auto own = check_auth_events(x, find_event, [this](std::string_view id) { return is_rejected(id); });
    if (own) own = check_auth(x, create, lookup_in_auth_events(x, find_event));
    if (!own) entry.fails.insert("auth_events");

    std::vector<state_ptr> states;
    for (const auto& id : x.prev_events) states.push_back(events_.at(id).after);
    entry.before = states.size() == 1 ? states.front() : std::make_shared<const state_map>(resolved(states));
    // The rules on m.room.create ask no state: the files count them to the first check alone.
    const auto at_state = x.type == "m.room.create"
                            ? ok()
                            : check_auth(x, create, [&](std::string_view type, std::string_view key) -> const event* {
                                const auto* found = entry.before->get(state_key_view{type, key});
                                return found ? find(*found) : nullptr;
                              });
    if (!at_state) entry.fails.insert("state");

    entry.after = entry.before;
    if (entry.fails.empty() && x.is_state()) {
      auto after = *entry.before;
      after.insert_or_assign({x.type, *x.state_key}, x.event_id);
      entry.after = std::make_shared<const state_map>(std::move(after));
    }
    compare(entry, own ? at_state : own);
    if (is_first && entry.fails.empty()) create_ = entry.x.get();
    events_.emplace(x.event_id, std::move(entry));
  }

  void compare(const judged& entry, const status& why) {
    std::set<std::string> expected;
    if (const auto* fails = entry.expected->find_object("fails"))
      for (const auto& [check, rule] : *fails) expected.insert(check);
    const auto name = entry.x->event_id + " (" + entry.x->type + ")";
    if (expected != entry.fails) {
      std::string sentence = name + ": fails";
      for (const auto& check : entry.fails) sentence += " " + check;
      sentence += why ? "" : " [" + why.error().detail + "]";
      sentence += ", expected";
      for (const auto& check : expected) sentence += " " + check;
      wrong(sentence);
    }
    if ((text_at(*entry.expected, "verdict") == "rejected") != !entry.fails.empty()) wrong(name + ": verdict");
    if (short_hash(*entry.before) != text_at(*entry.expected, "state_before")) wrong(name + ": state before it");
  }

  void check_merges() {
    for (const auto& merge : list_at(file_, "merges")) {
      const auto& id = text_at(merge, "id");
      const auto found = events_.find(id);
      const auto* state = merge.find_array("state_before");
      if (found == events_.end() || !state || as_list(*found->second.before) != json::value{*state})
        wrong(id + ": full state before the merge");
    }
  }

  /// Accepted events that no accepted event follows, a rejected one in between not counting.
  std::set<std::string> extremities() const {
    std::set<std::string> followed;
    std::vector<std::string> queue;
    for (const auto& [id, entry] : events_)
      if (entry.fails.empty()) queue.insert(queue.end(), entry.x->prev_events.begin(), entry.x->prev_events.end());
    while (!queue.empty()) {
      const auto id = std::move(queue.back());
      queue.pop_back();
      const auto& entry = events_.at(id);
      if (followed.insert(id).second && !entry.fails.empty())
        queue.insert(queue.end(), entry.x->prev_events.begin(), entry.x->prev_events.end());
    }
    std::set<std::string> result;
    for (const auto& [id, entry] : events_)
      if (entry.fails.empty() && !followed.contains(id)) result.insert(id);
    return result;
  }

  void check_end() {
    const auto ends = extremities();
    std::set<std::string> expected;
    for (const auto& id : list_at(file_, "extremities"))
      expected.insert(id.as_string() ? *id.as_string() : std::string{});
    if (ends != expected) wrong("extremities");
    std::vector<state_ptr> states;
    for (const auto& id : ends) states.push_back(events_.at(id).after);
    if (as_list(resolved(states)) != json::value{list_at(file_, "final_state")}) wrong("final state");
  }

  const json::object& file_;
  room_report& report_;
  const room_version_rules* rules_ = nullptr;
  std::unordered_map<std::string, verify_keys> keys_;
  std::unordered_map<std::string, judged> events_;
  std::vector<judged> waiting_;
  const event* create_ = nullptr;
};

} // namespace

std::optional<json::object> read_json(const std::filesystem::path& file) {
  auto* input = gzopen(file.c_str(), "rb"); // reads plain files as they are
  if (!input) return std::nullopt;
  std::string text;
  char buffer[65536];
  int count = 0;
  while ((count = gzread(input, buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(count));
  gzclose(input);
  if (count < 0) return std::nullopt;
  auto parsed = json::parse(text);
  if (!parsed || !parsed->as_object()) return std::nullopt;
  return std::move(*parsed->as_object());
}

room_report check_room(const json::object& file, std::string_view order) {
  room_report report;
  room{file, report}.run(order);
  return report;
}

room_report check_room(const std::filesystem::path& file) {
  room_report report;
  const auto content = read_json(file);
  if (!content) {
    report.wrong.emplace_back("cannot be read");
    return report;
  }
  for (const auto* order : {"causal", "causal2", "shuffled"}) {
    auto one = check_room(*content, order);
    report.events = one.events;
    for (auto& sentence : one.wrong) report.wrong.push_back(std::string{order} + ": " + std::move(sentence));
  }
  return report;
}

} // namespace causeway::test
