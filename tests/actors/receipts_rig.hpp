#pragma once
#include "actors/receipts/receipts_machine.hpp"
#include "messages/chat/codec.hpp"
#include "tests/actors/machine_rig.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

/// A receipts machine with a small store, and rooms that answer.
namespace causeway::test {

inline const std::string a_room = "!a:here.example", b_room = "!b:here.example";

/// What the machine has written, as the store would tell it.
struct receipt_store {
  std::map<std::tuple<std::string, std::string, std::string, bool>, store::put_receipt> markers;
  std::map<std::string, std::int64_t> debts;
  std::map<std::pair<std::string, std::string>, store::event_place> places; ///< by room and event
  bool broken = false;

  void take(const store::write& w) {
    if (const auto* x = std::get_if<store::put_receipt>(&w))
      markers[{x->room_id, x->user_id, x->thread, x->is_private}] = *x;
    if (const auto* x = std::get_if<store::remove_receipt>(&w))
      markers.erase({x->room_id, x->user_id, x->thread, x->is_private});
    if (const auto* x = std::get_if<store::put_receipt_debt>(&w)) {
      if (x->since < 0) debts.erase(x->server_name);
      else debts[x->server_name] = x->since;
    }
  }
  store::answer answer(const store::query& q) const {
    if (broken) return fault{fault_code::store_failed, "out of order"};
    if (const auto* x = std::get_if<store::load_receipts>(&q)) {
      store::receipts_loaded found;
      for (const auto& [key, marker] : markers)
        if (marker.room_id == x->room_id && std::ranges::count(x->user_ids, marker.user_id) > 0)
          found.receipts.push_back(marker);
      for (const auto& id : x->event_ids)
        if (const auto at = places.find({x->room_id, id}); at != places.end()) found.places.push_back(at->second);
      return found;
    }
    if (std::holds_alternative<store::load_receipt_debts>(q)) {
      store::receipt_debts_loaded found;
      std::int64_t least = 0;
      for (const auto& [server, since] : debts) {
        least = found.debts.empty() ? since : std::min(least, since);
        found.debts.push_back({server, since});
      }
      for (const auto& [key, marker] : markers) {
        found.last_change = std::max(found.last_change, marker.change);
        if (!found.debts.empty() && marker.change > least) found.markers.push_back(marker);
      }
      std::ranges::sort(found.markers, {}, &store::put_receipt::change);
      return found;
    }
    return store::readers_found{};
  }
  const store::put_receipt* find(const std::string& user, const std::string& thread = "", bool is_private = false,
                                 const std::string& room = a_room) const {
    const auto at = markers.find({room, user, thread, is_private});
    return at == markers.end() ? nullptr : &at->second;
  }
};

struct receipts_rig {
  context node = here();
  receipt_store disk;
  std::unique_ptr<receipts::receipts_machine> machine;
  time_ms now = noon, timer = 0;
  bool store_answers = true;
  std::vector<ask_store> asked;                             ///< while it does not
  std::map<std::string, std::vector<std::string>> audience; ///< what rooms answer; those without do not

  explicit receipts_rig(bool is_on = true) {
    change(node).federation.receipts = is_on;
    for (int i = 1; i <= 9; ++i)
      for (const auto& room : {a_room, b_room})
        disk.places[{room, event(i)}] = {event(i), i, noon - 1'000 + i, "m" + std::to_string(i)};
    restart();
  }
  receipts_rig(const receipts_rig&) = delete; // the machine refers to `node`

  static std::string event(int number) { return "$" + std::to_string(number); }
  effects restart() {
    machine = std::make_unique<receipts::receipts_machine>(node);
    timer = 0;
    now += 1'000;
    return on(start{});
  }
  effects on(const message& m) { return settle(machine->on(m, now)); }
  /// What the store and the rooms answer is in the same list.
  effects settle(effects list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      effects more;
      const auto perform = [&](const effect& e) {
        if (const auto* q = std::get_if<ask_store>(&e)) {
          if (store_answers) append(more, machine->on(store_says(q->asked, disk.answer(q->question)), now));
          else asked.push_back(*q);
        }
        if (const auto* w = std::get_if<wake_me_at>(&e)) timer = w->at;
        const auto* t = std::get_if<tell>(&e);
        const auto* wanted = t ? std::get_if<room_servers_request>(&t->body) : nullptr;
        if (wanted && audience.contains(t->to.key))
          append(more, machine->on(room_servers_response{wanted->asked, audience[t->to.key]}, now));
      };
      if (const auto* p = std::get_if<persist>(&list[i])) {
        for (const auto& w : p->batch.writes) disk.take(w);
        for (const auto& e : p->then) perform(e);
      } else {
        perform(list[i]);
      }
      append(list, std::move(more));
    }
    return list;
  }
  /// Time passes, and the timer goes off when it has to.
  effects pass(time_ms ms) {
    effects all;
    const auto until = now + ms;
    while (timer != 0 && timer <= until) {
      now = std::max(now, std::exchange(timer, 0));
      append(all, on(timer_due{receipts::receipts_machine::timer}));
    }
    now = until;
    return all;
  }

  static markers_moved moved(std::vector<read_marker> markers, std::string origin = {},
                             const std::string& room = a_room) {
    return {room, "chat-1", std::move(origin), std::move(markers)};
  }
  /// One of ours reads; the servers are in the room.
  effects read(const std::string& user, int number, std::vector<std::string> servers = {"there.example"},
               const std::string& thread = "", const std::string& room = a_room) {
    auto m = moved({{user, event(number), thread, now}}, {}, room);
    std::ranges::sort(servers);
    m.servers = std::make_shared<const std::vector<std::string>>(std::move(servers));
    m.command = command_reference{"s", "c1", 0};
    return on(m);
  }
  /// One of theirs does.
  effects heard(const std::string& user, int number, time_ms ts = noon, const std::string& thread = "") {
    return on(moved({{user, event(number), thread, ts}}, "there.example"));
  }
  /// Says of all EDUs in the list whether they have arrived.
  effects settle_edus(const effects& list, bool delivered) {
    effects all;
    for (const auto& [to, x] : told<edu_queued>(list)) append(all, on(edu_completed{x.asked, to.key, delivered}));
    return all;
  }
};

/// "server room/user/event/thread" of each receipt in the EDUs, in order.
inline std::vector<std::string> told_of(const effects& list) {
  std::vector<std::string> found;
  for (const auto& [to, x] : told<edu_queued>(list)) {
    const auto content = *matrix::json::parse(x.content);
    for (const auto& room : *content.as_object())
      for (const auto& user : *room.mapped.find_object("m.read")) {
        const auto* thread = user.mapped.find("data")->find_string("thread_id");
        found.push_back(to.key + " " + room.key.substr(0, 2) + "/" + user.key.substr(0, user.key.find(':')) + "/" +
                        *user.mapped.find_array("event_ids")->at(0).as_string() + (thread ? "/" + *thread : ""));
      }
  }
  return found;
}

} // namespace causeway::test
