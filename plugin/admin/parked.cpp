#include "plugin/admin/parked.hpp"

#include "plugin/admin/explain.hpp"

#include <algorithm>
#include <map>

namespace causeway::admin {
namespace {

/// What one reads of a fault in the middle of a sentence; the log has all of it.
constexpr std::size_t fault_bytes_max = 200;

} // namespace

bool is_damage(std::string_view last_fault) { return last_fault.find("store_damaged") != std::string_view::npos; }

std::string brief_fault(std::string_view last_fault) {
  std::string text{last_fault};
  std::ranges::replace(text, '\n', ' ');
  if (text.size() > fault_bytes_max) {
    auto end = fault_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end; // no half of a character
    text.resize(end);
    return text + "...";
  }
  while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.pop_back();
  return text;
}

std::string name_of(const actor_row& x) { return x.kind + (x.key.empty() ? "" : " " + x.key); }

std::string parked_because(const actor_row& x) {
  return "the actor " + name_of(x) + " is parked: it failed " + std::to_string(x.failures) +
         (x.failures == 1 ? " time" : " times") +
         (x.last_fault.empty() ? std::string{} : ", last because of: " + brief_fault(x.last_fault));
}

std::string until_it_is_tried(const actor_row& x, const supervision_limits& limits, std::int64_t now_ms) {
  const auto when = x.retry_at_ts > now_ms ? "in " + human_duration(x.retry_at_ts - now_ms)
                    : x.retry_at_ts > 0    ? std::string{"now"}
                                           : "after " + std::to_string(limits.restart_window_s) + " s";
  return "It is tried again by itself " + when + " (supervisor.restart_window_s is " +
         std::to_string(limits.restart_window_s) +
         "). Until then commands for it are refused, and what else it is told is kept, unread: " +
         std::to_string(x.mailbox) + " of at most " + std::to_string(limits.parked_input_max) +
         " messages (supervisor.parked_input_max).";
}

std::string what_mends(const actor_row& x) {
  if (is_damage(x.last_fault))
    return "A row of the store is damaged, so each attempt fails until it is mended: stop the broker, move its store "
           "aside (`causeway restore` writes over nothing), "
           "and restore the last backup with `causeway restore FOLDER`; "
           "what was stored after that backup comes back only as far as other servers have it. All other rooms go on "
           "meanwhile.";
  if (x.last_fault.find("store_failed") != std::string::npos)
    return "The store did not do what was asked: see to the disk, the database or memory (`causeway check`). No "
           "restart is needed.";
  return "That is a defect: `causeway bundle FILE` collects what a report needs; the log of the broker (journalctl -u "
         "causewayd, or log.file) has it under N703.";
}

std::string show_command(const actor_row& x) {
  return "causeway actor show " + x.kind + (x.key.empty() ? "" : " '" + x.key + "'");
}

std::vector<std::string> about_parked(const actor_row& x, const supervision_limits& limits, std::int64_t now_ms) {
  auto first = parked_because(x) + ".";
  first.front() = 'T';
  return {std::move(first), until_it_is_tried(x, limits, now_ms), what_mends(x)};
}

void tell_parked(std::vector<room_row>& rooms, std::span<const actor_row> actors) {
  std::map<std::string_view, const actor_row*> parked;
  for (const auto& x : actors)
    if (x.kind == "room" && is_parked(x)) parked.emplace(x.key, &x);
  if (parked.empty()) return;
  for (auto& row : rooms)
    if (const auto at = parked.find(row.room_id); at != parked.end())
      row.waits_for = "Its actor is parked (" + brief_fault(at->second->last_fault) + "); `causeway room show '" +
                      row.room_id + "'` says what to do." + (row.waits_for.empty() ? "" : " ") + row.waits_for;
}

} // namespace causeway::admin
