// `tools/bench members`: what a join costs a room of ours that has many members: one server's users join a public room,
// each by an event of its own that follows the one before. The room's machine is the real one; what it asks of others
// is answered at once, and its rows are committed by the real store.
//
//   bench_members [--sizes 1,1000,10000,100000] [--joins 500] [--store FOLDER]
//
// One line of JSON. For each size: processor time of the room's machine for each of the next `--joins` joins
// (`join_us`), the memory each leaves behind (`join_bytes`) and how much of that is beside the event itself
// (`beside_event_bytes`), and the store's processor time for its rows (`store_us`). Signatures are not checked here;
// what one takes stands beside it (`signature_us`).
#include "actors/room/found_room.hpp"
#include "actors/room/room_machine.hpp"
#include "config/store_options.hpp"
#include "plugin/store/engine.hpp"
#include "tests/bench/fake_homeserver.hpp"

#include "messages/matrix/signing.hpp"
#include "messages/verifier.hpp"

#include <malloc.h>
#include <sodium.h>
#include <ctime>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace causeway;
using namespace causeway::bench;
namespace json = matrix::json;

/// Events a commit of the store takes in, as many as PUT /send may bring.
constexpr std::size_t events_per_commit = 50;

double cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// Bytes that are allocated and not freed.
double live_bytes() {
  const auto now = mallinfo2();
  return static_cast<double>(now.uordblks + now.hblkhd);
}

matrix::signing_key key_of(char letter) {
  auto key = matrix::signing_key::from_seed(std::string(32, letter));
  require(static_cast<bool>(key), "a signing key could not be made");
  return *std::move(key);
}

/// A public room of here.example, and the people of there.example who come into it.
class crowded_room {
public:
  /// @param disk  null: rows are not written
  explicit crowded_room(store::engine* disk)
      : node_{std::make_shared<const causeway::identity>(
          causeway::identity{"here.example", key_of('h'), 1, "bench", {}, nullptr})},
        joining_{"there.example", "here.example"}, disk_{disk} {
    auto own = std::make_shared<settings>();
    own->federation.room_version = "11";
    node_.take_over(std::move(own));
    chat::room_create wanted;
    wanted.room = "chat-1";
    wanted.type = chat::room_type::channel;
    wanted.access = chat::visibility::public_;
    wanted.creator = "@ann:here.example";
    auto create = room::found_room(node_, wanted, wanted.creator, "bench", now_);
    require(static_cast<bool>(create), "the room could not be founded");
    room_id_ = (*create)->room_id;
    rules_ = &(*create)->rules();
    machine_ = std::make_unique<room::room_machine>(node_, room_id_);
    perform(machine_->on(start{}, now_));
    chat_command c;
    c.reference = {"s", "c", 0};
    c.room_id = room_id_;
    c.create_event = *create;
    c.body = std::make_shared<const chat::command>(std::move(wanted));
    perform(machine_->on(c, now_));
    for (const auto* type : {"m.room.create", "m.room.power_levels", "m.room.join_rules"})
      require(!authority_[type].empty(), "the room was not made");
  }

  std::size_t members() const { return members_; }

  /// Whoever is next. @returns processor time of the room's machine, us
  double join() {
    auto pdus = std::make_shared<std::vector<json::object>>();
    pdus->push_back(next_join()->source);
    const pdus_received m{{actor_kind::remote_server, "there.example"}, ++asked_, "there.example", std::move(pdus)};
    const auto begun = cpu_us();
    auto list = machine_->on(m, ++now_);
    auto took = cpu_us() - begun;
    took += perform(std::move(list));
    require(is_taken_, "a join was not taken into the room");
    is_taken_ = false;
    ++members_;
    return took;
  }
  matrix::event_ptr next_join() {
    const auto user = "@member" + std::to_string(members_) + ":there.example";
    auto x = joining_.sign(
      {{"auth_events",
        json::array{authority_["m.room.create"], authority_["m.room.power_levels"], authority_["m.room.join_rules"]}},
       {"content", json::object{{"displayname", "Member " + std::to_string(members_)}, {"membership", "join"}}},
       {"depth", depth_ + 1},
       {"origin_server_ts", now_},
       {"prev_events", json::array{last_}},
       {"room_id", room_id_},
       {"sender", user},
       {"state_key", user},
       {"type", "m.room.member"}},
      *rules_);
    return x;
  }
  /// Of the rows since the last commit. @returns processor time, us
  double commit() {
    const auto begun = cpu_us();
    if (disk_ && !batches_.empty()) {
      const auto done = disk_->commit(batches_);
      require(static_cast<bool>(done), done ? "" : "the store failed: " + done.error().detail);
    }
    const auto took = cpu_us() - begun;
    batches_.clear();
    return took;
  }
  const matrix::room_version_rules& rules() const { return *rules_; }

private:
  double perform(effects list) {
    double took = 0;
    for (auto& one : list) {
      if (const auto* asked = std::get_if<ask_store>(&one)) {
        if (std::holds_alternative<store::load_room>(asked->question))
          took += answer(store_answered{asked->asked, std::make_shared<const store::answer>(store::room_loaded{})});
        else require(false, "the room has asked the store");
      } else if (const auto* told = std::get_if<tell>(&one)) {
        took += hear(told->body);
      } else if (auto* p = std::get_if<persist>(&one)) {
        note_rows(p->batch);
        if (disk_) batches_.push_back(std::move(p->batch));
        for (const auto& then : p->then)
          if (const auto* t = std::get_if<tell>(&then)) took += hear(t->body);
      }
    }
    return took;
  }
  double hear(const message& m) {
    if (const auto* wanted = std::get_if<verify_events>(&m)) {
      events_verified v;
      v.asked = wanted->asked;
      v.checks.assign(wanted->events.size(), event_check::valid);
      return answer(std::move(v));
    }
    if (const auto* handled = std::get_if<pdus_handled>(&m))
      is_taken_ = handled->outcomes.size() == 1 && handled->outcomes.front().error.empty();
    return 0;
  }
  double answer(const message& m) {
    const auto begun = cpu_us();
    auto list = machine_->on(m, ++now_);
    const auto took = cpu_us() - begun;
    return took + perform(std::move(list));
  }
  void note_rows(const store::store_batch& batch) {
    for (const auto& w : batch.writes)
      if (const auto* e = std::get_if<store::put_event>(&w)) {
        require(e->judged == store::verdict::accepted, "an event was not accepted: " + e->reason);
        authority_[e->event->type] = e->event->event_id;
        last_ = e->event->event_id;
        depth_ = e->event->depth;
      }
  }

  context node_;
  fake_homeserver joining_;
  store::engine* disk_;
  std::int64_t now_ = now_ms();
  std::string room_id_, last_;
  const matrix::room_version_rules* rules_ = nullptr;
  std::unique_ptr<room::room_machine> machine_;
  std::map<std::string, std::string> authority_; ///< event type -> the last event
  std::int64_t depth_ = 0;
  std::size_t members_ = 1;
  token asked_ = 0;
  bool is_taken_ = false;
  std::vector<store::store_batch> batches_;
};

struct figures {
  std::size_t members = 0;
  double join_us = 0, join_bytes = 0, store_us = 0;
};

void fill(crowded_room& room, std::size_t members) {
  while (room.members() < members) {
    room.join();
    if (room.members() % events_per_commit == 0) room.commit();
  }
  room.commit();
}

/// What an event of this kind takes up by itself.
double event_bytes(crowded_room& room, std::size_t count) {
  std::vector<matrix::event_ptr> events;
  events.reserve(count);
  const auto text = room.next_join()->to_json();
  const auto before = live_bytes();
  for (std::size_t i = 0; i < count; ++i) {
    auto event = matrix::parse_event(text, room.rules());
    require(static_cast<bool>(event), "a join cannot be read");
    events.push_back(*std::move(event));
  }
  return (live_bytes() - before) / static_cast<double>(count);
}

/// What the verifier does for each.
double signature_us(crowded_room& room, std::size_t count) {
  const auto key = key_of('s');
  const auto event = matrix::hash_and_sign(room.next_join()->source, room.rules(), "there.example", key);
  require(static_cast<bool>(event), "a join cannot be signed");
  const key_ring keys{{"there.example", std::make_shared<const matrix::verify_keys>(matrix::verify_keys{
                                          {key.key_id(), {key.public_key_base64(), now_ms() + 86'400'000, false}}})}};
  const auto begun = cpu_us();
  for (std::size_t i = 0; i < count; ++i)
    require(check_event(**event, keys, "here.example") == event_check::valid, "a signature is not valid");
  return (cpu_us() - begun) / static_cast<double>(count);
}

} // namespace

int main(int argc, char** argv) {
  require(sodium_init() >= 0, "libsodium does not start");
  const auto joins = static_cast<std::size_t>(std::atoll(argument(argc, argv, "joins", "500").c_str()));
  const auto folder = argument(argc, argv, "store");
  std::vector<figures> all;
  const auto sizes = argument(argc, argv, "sizes", "1,1000,10000,100000");
  for (std::size_t at = 0; at < sizes.size();) {
    const auto end = std::min(sizes.find(',', at), sizes.size());
    all.push_back({static_cast<std::size_t>(std::atoll(sizes.substr(at, end - at).c_str()))});
    require(all.back().members > 0, "usage: see the head of members.cpp");
    at = end + 1;
  }
  require(joins > 0 && !all.empty(), "usage: see the head of members.cpp");

  double bytes_of_event = 0, us_of_signature = 0;
  {
    crowded_room room{nullptr};
    bytes_of_event = event_bytes(room, 1'000);
    us_of_signature = signature_us(room, 1'000);
    for (auto& x : all) {
      fill(room, x.members);
      const auto before = live_bytes();
      for (std::size_t i = 0; i < joins; ++i) x.join_us += room.join();
      x.join_us /= static_cast<double>(joins);
      x.join_bytes = (live_bytes() - before) / static_cast<double>(joins);
    }
  }
  if (!folder.empty()) {
    config::store_options options;
    options.path = folder + "/store.db";
    auto disk = store::open_sqlite(options);
    require(static_cast<bool>(disk), disk ? "" : "the store cannot be opened: " + disk.error().detail);
    crowded_room room{disk->get()};
    for (auto& x : all) {
      fill(room, x.members);
      for (std::size_t i = 0; i < joins; ++i) {
        room.join();
        if (i % events_per_commit == events_per_commit - 1 || i + 1 == joins) x.store_us += room.commit();
      }
      x.store_us /= static_cast<double>(joins);
    }
  }
  std::printf("{");
  for (const auto& x : all)
    std::printf("\"%zu_members\":{\"join_us\":%.1f,\"join_bytes\":%.0f,\"beside_event_bytes\":%.0f,\"store_us\":%.1f},",
                x.members, x.join_us, x.join_bytes, x.join_bytes - bytes_of_event, x.store_us);
  std::printf("\"joins\":%zu,\"event_bytes\":%.0f,\"signature_us\":%.1f}\n", joins, bytes_of_event, us_of_signature);
}
