#pragma once
#include "plugin/admin/rows.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What is said of an actor that failed too often, in one place: every command gives the same advice. Pure.
namespace causeway::admin {

/// [supervisor] of the configuration, as far as sentences name it.
struct supervision_limits {
  std::int64_t restart_window_s = 60, parked_input_max = 1'000;
};

inline bool is_parked(const actor_row& x) { return x.phase == "parked"; }

/// Whether its fault says that a row of the store cannot be read: it fails again until that row is mended.
bool is_damage(std::string_view last_fault);

/// The fault as a part of a sentence: on one line, not longer than one reads, without what ends a sentence.
std::string brief_fault(std::string_view last_fault);

/// "room !r:x": kind and key.
std::string name_of(const actor_row& x);
/// "the actor room !r:x is parked: it failed 3 times, last because of: ..."
std::string parked_because(const actor_row& x);
/// When it is tried again, and what becomes of what it is told until then; with the values of the settings. A sentence.
std::string until_it_is_tried(const actor_row& x, const supervision_limits& limits, std::int64_t now_ms);
/// What mends it, by what it failed of. One or two sentences.
std::string what_mends(const actor_row& x);
/// `causeway actor show room '!r:x'`
std::string show_command(const actor_row& x);

/// The three sentences of `room show` and `actor show`.
std::vector<std::string> about_parked(const actor_row& x, const supervision_limits& limits, std::int64_t now_ms);

/// Of the rooms shown, what they wait for before anything else; those that are not parked stay as they are.
void tell_parked(std::vector<room_row>& rooms, std::span<const actor_row> actors);

} // namespace causeway::admin
