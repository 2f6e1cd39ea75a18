// Load for `tools/bench memory`: what rooms take up in a running broker.
//
//   load_memory --server-name NAME --pid PID --chat ENDPOINT [--rooms 5000] [--members 3] [--waves 5] [--settle 25]
//   load_memory --server-name NAME --pid PID --chat ENDPOINT --known ROOM [--settle 25]
//
// The first form makes `rooms` rooms of `members` local users each, all of which stay loaded, in so many waves after a
// first one of the same size that is not counted. After each wave it waits until resident memory has not fallen for
// `settle` seconds: rooms that nobody speaks to put away what they hold, and what was freed is given back. It tells
// resident memory before and after the waves, and what is between the two for each room (`room_kib`): so a room at rest
// beside others costs. `room_fresh_kib` is what a room of the first wave took while it was fresh.
//
// The second form is for a broker that was just started on a store with many rooms, one of which the chat server calls
// ROOM: when it welcomes the chat server, when it has answered a command about that room, and resident memory then and
// when nothing has happened for `settle` seconds. Moments are seconds since 1970. One line of JSON.
#include "tests/bench/chat_peer.hpp"
#include "tests/bench/fake_homeserver.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using namespace causeway;
using namespace causeway::bench;

/// Commands in flight.
constexpr std::size_t open_max = 64;

/// Resident memory, MiB, once it has not become less for so long.
double settled_mib(chat_peer& chat, int pid, double settle_s) {
  auto least = usage_of(pid).rss_mib;
  for (auto since = now_s(); now_s() < since + settle_s;) {
    chat.poll(200);
    const auto now = usage_of(pid).rss_mib;
    if (now > least * 0.995) continue;
    least = now;
    since = now_s();
  }
  return least;
}

double wall_s() { return static_cast<double>(now_ms()) / 1e3; }

void make_rooms(chat_peer& chat, int pid, const std::string& server, int rooms, int members, int waves,
                double settle_s) {
  const auto user = [&](int number) { return "@user" + std::to_string(number) + ':' + server; };
  for (int i = 0; i < members; ++i) {
    chat::user_profile profile;
    profile.user = user(i);
    profile.display_name = "User " + std::to_string(i);
    chat.call(profile);
  }
  const auto name = "memory-" + std::to_string(now_ms()) + '-';
  int made = 0;
  const auto make = [&] {
    chat::room_create creation;
    creation.room = name + std::to_string(made++);
    creation.type = chat::room_type::channel;
    creation.room_name = "Room " + std::to_string(made);
    creation.creator = user(0);
    for (int i = 1; i < members; ++i) creation.members.push_back(user(i));
    chat.send(creation, [](const std::string&) {});
  };
  const auto wait_for = [&](std::size_t open) {
    for (const auto deadline = now_s() + 60; chat.open() > open;) {
      require(now_s() < deadline, "a room was not made in 60 s");
      chat.poll(100);
    }
  };
  // What the first rooms bring about once: pools, statements, threads' caches.
  for (const auto first = made + std::min(200, rooms); made < first;) {
    make();
    wait_for(open_max);
  }
  wait_for(0);
  const auto at_first = settled_mib(chat, pid, settle_s);
  double took = 0;
  const auto make_wave = [&](int count) {
    const auto begun = now_s();
    for (const auto last = made + count; made < last;) {
      make();
      wait_for(open_max);
    }
    wait_for(0);
    took += now_s() - begun;
  };
  const auto each_wave = std::max(1, rooms / waves);
  make_wave(each_wave);
  const auto fresh = usage_of(pid).rss_mib;
  const auto before = settled_mib(chat, pid, settle_s);
  auto after = before;
  for (int i = 0; i < waves; ++i) {
    make_wave(each_wave);
    after = settled_mib(chat, pid, settle_s);
  }
  const auto counted = each_wave * waves;
  std::printf("{\"rooms\":%d,\"members\":%d,\"rss_before_mib\":%.1f,\"rss_after_mib\":%.1f,\"room_kib\":%.1f,"
              "\"room_fresh_kib\":%.1f,\"made_per_s\":%.0f}\n",
              counted, members, before, after, (after - before) * 1024 / counted, (fresh - at_first) * 1024 / each_wave,
              (counted + each_wave) / took);
}

void look_at_known(chat_peer& chat, int pid, const std::string& room, double settle_s) {
  const auto welcome_s = wall_s();
  chat::query_room question;
  question.room = room;
  chat.call(question);
  const auto answered_s = wall_s();
  const auto ready = usage_of(pid);
  const auto idle = settled_mib(chat, pid, settle_s);
  std::printf("{\"welcome_at\":%.3f,\"answered_at\":%.3f,\"rss_ready_mib\":%.1f,\"rss_peak_mib\":%.1f,"
              "\"rss_idle_mib\":%.1f,\"cpu_s\":%.2f}\n",
              welcome_s, answered_s, ready.rss_mib, ready.rss_peak_mib, idle, ready.cpu_seconds);
}

} // namespace

int main(int argc, char** argv) {
  const auto number = [&](std::string_view name, std::string_view otherwise) {
    return std::atof(argument(argc, argv, name, otherwise).c_str());
  };
  const auto server = argument(argc, argv, "server-name"), endpoint = argument(argc, argv, "chat"),
             known = argument(argc, argv, "known");
  const auto pid = static_cast<int>(number("pid", "0")), rooms = static_cast<int>(number("rooms", "5000")),
             members = static_cast<int>(number("members", "3")), waves = static_cast<int>(number("waves", "5"));
  const auto settle_s = number("settle", "25");
  require(pid > 0 && !server.empty() && !endpoint.empty() && rooms > 0 && members > 0 && waves > 0 && settle_s >= 0,
          "usage: see the head of memory.cpp");
  chat_peer chat{endpoint, "load", events_to_ask::yes};
  if (known.empty()) make_rooms(chat, pid, server, rooms, members, waves, settle_s);
  else look_at_known(chat, pid, known, settle_s);
}
