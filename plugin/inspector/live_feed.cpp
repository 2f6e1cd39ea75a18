#include "plugin/inspector/live_feed.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <utility>

namespace causeway::inspector {

namespace {

constexpr std::string_view rates_topic = "rates";
constexpr std::array<std::string_view, 11> topic_names = {"status",      "servers", "rooms",        "invites",
                                                          "invitations", "actors",  "dead_letters", "edge",
                                                          "streams",     "nodes",   rates_topic};

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      static constexpr std::string_view hex = "0123456789abcdef";
      ((out += "\\u00") += hex[static_cast<unsigned char>(c) >> 4]) += hex[c & 15];
    } else {
      out += c;
    }
  }
  return out += '"';
}

/// The changes in the form of an event's data.
class change_text {
public:
  void changed(std::string_view row) { append(changed_, row); }
  void gone(std::string_view key) { append(gone_, in_quotes(key)); }
  bool empty() const { return changed_.empty() && gone_.empty(); }
  std::string text(std::string_view topic) const {
    return "{\"topic\":" + in_quotes(topic) + ",\"changed\":[" + changed_ + "],\"gone\":[" + gone_ + "]}";
  }

private:
  static void append(std::string& to, std::string_view x) {
    if (!to.empty()) to += ',';
    to += x;
  }
  std::string changed_, gone_;
};

} // namespace

live_feed::live_feed(std::string boot) : boot_(std::move(boot)) {}

bool live_feed::is_topic(std::string_view name) {
  return std::find(topic_names.begin(), topic_names.end(), name) != topic_names.end();
}

live_feed::viewer live_feed::join(const std::set<std::string>& topics, std::string_view last_event_id,
                                  std::int64_t now_ms) {
  const auto who = ++last_viewer_;
  auto& x = viewers_[who];
  x.topics = topics;
  x.last_written_ms = now_ms;
  x.first = "retry: 2000\n\n";
  if (topics.contains(std::string{rates_topic})) x.first += series();
  if (last_event_id.empty()) return who;
  // They come back. What they have missed is what came after that event, if all of it is kept.
  std::uint64_t id = 0;
  const auto prefix = boot_ + "-";
  const auto digits = last_event_id.starts_with(prefix) ? last_event_id.substr(prefix.size()) : std::string_view{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  const bool is_ours = !digits.empty() && error == std::errc{} && end == digits.data() + digits.size();
  const auto oldest = kept_.empty() ? last_event_ + 1 : kept_.front()->id;
  if (!is_ours || id > last_event_ || id + 1 < oldest) {
    x.missed = true;
    return who;
  }
  for (const auto& e : kept_)
    if (e->id > id) hand(x, e);
  // While nobody looked at a topic nothing of it was told, nor known.
  for (const auto& topic : topics)
    if (const auto at = topics_.find(topic); topic != rates_topic && (at == topics_.end() || !at->second.is_known))
      x.missed = true;
  return who;
}

void live_feed::leave(viewer x, std::int64_t now_ms) {
  const auto at = viewers_.find(x);
  if (at == viewers_.end()) return;
  for (const auto& name : at->second.topics) topics_[name].lingers_until_ms = now_ms + linger_ms;
  viewers_.erase(at);
}

bool live_feed::is_watched(const std::string& name, std::int64_t now_ms) const {
  const auto topic = topics_.find(name);
  if (topic != topics_.end() && now_ms < topic->second.lingers_until_ms) return true;
  return std::any_of(viewers_.begin(), viewers_.end(), [&](const auto& x) { return x.second.topics.contains(name); });
}

std::vector<std::string> live_feed::due(std::int64_t now_ms) {
  std::vector<std::string> list;
  for (const std::string_view each : topic_names) {
    const std::string name{each};
    if (name == rates_topic) continue;
    if (!is_watched(name, now_ms)) {
      topics_.erase(name); // what it was is not known any more
      continue;
    }
    auto& topic = topics_[name];
    if (topic.asked_ms != 0 && now_ms - topic.asked_ms < answer_patience_ms) continue;
    if (topic.is_known && now_ms < topic.next_ms) continue;
    topic.asked_ms = now_ms;
    list.push_back(name);
  }
  return list;
}

void live_feed::polled(const std::string& name, std::optional<topic_rows> now, std::int64_t now_ms) {
  const auto found = topics_.find(name);
  if (found == topics_.end() || found->second.asked_ms == 0) return; // nobody looks any more
  auto& topic = found->second;
  const auto cost = now_ms - topic.asked_ms;
  topic.next_ms = topic.asked_ms + std::max(poll_interval_ms, cost * pause_per_cost);
  topic.asked_ms = 0;
  const bool was_known = std::exchange(topic.is_known, true);
  if (!now) return;
  change_text change;
  if (now->is == topic_rows::extent::changes || now->is == topic_rows::extent::begins) {
    if (was_known && now->is == topic_rows::extent::begins) missed(name);
    for (const auto& row : now->rows) change.changed(row.json);
    for (const auto& key : now->gone) change.gone(key);
  } else {
    std::unordered_map<std::string, std::size_t> next;
    next.reserve(now->rows.size());
    for (const auto& row : now->rows) {
      const auto hash = std::hash<std::string>{}(row.json);
      const auto before = topic.rows.find(row.key);
      if (before == topic.rows.end() || before->second != hash) change.changed(row.json);
      next[row.key] = hash;
    }
    if (now->is == topic_rows::extent::whole)
      for (const auto& [key, hash] : topic.rows)
        if (!next.contains(key)) change.gone(key);
    topic.rows = std::move(next);
  }
  if (was_known && !change.empty()) publish(name, change.text(name));
}

void live_feed::sampled(const std::string& json, std::int64_t now_ms) {
  points_.push_back("[" + std::to_string(now_ms) + "," + json + "]");
  while (points_.size() > points_max) points_.pop_front();
  if (is_watched(std::string{rates_topic}, now_ms))
    publish(std::string{rates_topic}, "{\"topic\":\"rates\",\"points\":[" + points_.back() + "]}");
}

std::string live_feed::series() const {
  std::string data;
  for (const auto& x : points_) (data += data.empty() ? "" : ",") += x;
  // Without an id: it is no event that others have had.
  return "event: rates\ndata: {\"topic\":\"rates\",\"reset\":true,\"points\":[" + data + "]}\n\n";
}

void live_feed::publish(const std::string& topic, const std::string& data) {
  auto made = std::make_shared<event>();
  made->id = ++last_event_;
  made->topic = topic;
  made->text = "id: " + id_text(made->id) + "\nevent: " + topic + "\ndata: " + data + "\n\n";
  const event_ptr x = std::move(made);
  kept_.push_back(x);
  kept_bytes_ += x->text.size();
  while (kept_bytes_ > kept_bytes_max) {
    kept_bytes_ -= kept_.front()->text.size();
    kept_.pop_front();
  }
  for (auto& [who, each] : viewers_) hand(each, x);
}

void live_feed::missed(const std::string& topic) {
  for (auto& [who, each] : viewers_)
    if (each.topics.contains(topic)) forget(each);
}

void live_feed::forget(looking& of) {
  of.missed = true;
  of.waiting.clear();
  of.waiting_bytes = 0;
}

void live_feed::hand(looking& to, const event_ptr& x) {
  if (to.missed || !to.topics.contains(x->topic)) return;
  if (to.waiting_bytes + x->text.size() > waiting_bytes_max) return forget(to);
  to.waiting.push_back(x);
  to.waiting_bytes += x->text.size();
}

std::string live_feed::gap(const looking& of) const {
  std::string names;
  for (const auto& topic : of.topics) (names += names.empty() ? "" : ",") += in_quotes(topic);
  // With the id of the newest event: from here on they know all.
  std::string text = "id: " + id_text(last_event_) + "\nevent: gap\ndata: {\"topics\":[" + names + "]}\n\n";
  if (of.topics.contains(std::string{rates_topic})) text += series();
  return text;
}

bool live_feed::is_open(viewer who) const {
  const auto at = viewers_.find(who);
  if (at == viewers_.end()) return false;
  return std::all_of(at->second.topics.begin(), at->second.topics.end(), [&](const auto& name) {
    const auto topic = topics_.find(name);
    return name == rates_topic || (topic != topics_.end() && topic->second.is_known);
  });
}

std::string live_feed::take(viewer who, std::int64_t now_ms) {
  const auto at = viewers_.find(who);
  if (at == viewers_.end() || !is_open(who)) return {};
  auto& x = at->second;
  auto text = std::exchange(x.first, {});
  if (std::exchange(x.missed, false)) text += gap(x);
  for (const auto& e : std::exchange(x.waiting, {})) text += e->text;
  x.waiting_bytes = 0;
  if (text.empty() && now_ms - x.last_written_ms >= heartbeat_ms) text = ": still here\n\n";
  if (!text.empty()) x.last_written_ms = now_ms;
  return text;
}

} // namespace causeway::inspector
