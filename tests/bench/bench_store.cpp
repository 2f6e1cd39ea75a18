// Figures of the store alone: what one core commits, for the batch of a received message and that of a sent one.
//
//   bench_store [events] [batches per commit] [folder]
//
// "cpu" is the processor time of the whole process per event, without the waiting for the disk; in a folder of /dev/shm
// also without what the kernel spends on writing back. On a busy machine compare with the signature verification
// measured beside it.
#include "messages/matrix/signing.hpp"
#include "plugin/store/engine.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace causeway;
using namespace causeway::store;

constexpr int rooms = 20;
constexpr int destinations = 20;

double spent_us() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

double wall_us() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string room_id(int n) { return "!room" + std::to_string(n % rooms) + ":here.example"; }

/// A message of about 1 KB as JSON, with an id of its own. Nobody verifies it here, so it is signed once and varied.
matrix::event_ptr message_event(int n) {
  namespace json = matrix::json;
  static const auto sample = [] {
    auto key = *matrix::signing_key::from_seed(std::string(32, 's'));
    json::object pdu{
      {"type", "m.room.message"},
      {"room_id", room_id(0)},
      {"sender", "@alice:here.example"},
      {"content", json::object{{"body", std::string(420, 'b')}, {"msgtype", "m.text"}}},
      {"depth", 1},
      {"origin_server_ts", std::int64_t{1'700'000'000'000}},
      {"prev_events", json::array{std::string{"$"} + std::string(43, 'p')}},
      {"auth_events", json::array{std::string{"$"} + std::string(43, 'q'), std::string{"$"} + std::string(43, 'r')}}};
    return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), "here.example", key);
  }();
  auto event = std::make_shared<matrix::event>(*sample);
  event->room_id = room_id(n);
  event->depth = n;
  auto number = std::to_string(n);
  event->event_id = "$" + number + std::string(43 - number.size(), 'e');
  return event;
}

put_room head(const matrix::event& event, int n) {
  put_room x;
  x.room_id = event.room_id;
  x.room_version = "11";
  x.forward_extremities = {event.event_id};
  x.state_group = 1;
  x.last_position = n;
  return x;
}

store_batch received(int n) {
  auto event = message_event(n);
  store_batch batch;
  batch.shards.add(shard_of(event->room_id));
  batch.writes = {put_event{event->room_id, event, verdict::accepted, 1, 1, n, ""}, head(*event, n),
                  append_outbox{0, "message.received", std::string(600, 'n')}};
  return batch;
}

/// The pair the goal is about: event and notification of 1 KB each.
store_batch pair(int n) {
  auto event = message_event(n);
  store_batch batch;
  batch.shards.add(shard_of(event->room_id));
  batch.writes = {put_event{event->room_id, event, verdict::accepted, 1, 1, n, ""},
                  append_outbox{0, "message.received", std::string(1'000, 'n')}};
  return batch;
}

store_batch sent(int n) {
  auto event = message_event(n);
  auto id = std::to_string(n);
  store_batch batch;
  batch.shards.add(shard_of(event->room_id));
  batch.writes = {put_event{event->room_id, event, verdict::accepted, 1, 1, n, ""}, head(*event, n)};
  for (int server = 0; server < destinations; ++server)
    batch.writes.push_back(queue_pdu{"server" + std::to_string(server) + ".example", event->event_id});
  batch.writes.push_back(bind_message{event->room_id, "chat" + id, event->event_id});
  batch.writes.push_back(put_command_result{"command" + id, "message.send", true, std::string(60, 'r'), n});
  return batch;
}

/// Processor time of one ed25519 verification of 1 KB: how fast this machine is just now.
double verification_us() {
  auto key = *matrix::signing_key::from_seed(std::string(32, 'y'));
  std::string text(1'000, 't'), signature = key.sign(text);
  constexpr int rounds = 2'000;
  auto before = spent_us();
  for (int n = 0; n < rounds; ++n)
    if (!matrix::verify_signature(key.public_key_base64(), signature, text)) std::exit(1);
  return (spent_us() - before) / rounds;
}

template <class MakeBatch>
void measure(const char* name, const std::string& folder, int events, int group, MakeBatch make) {
  config::store_options options;
  options.path = folder + "/" + name + ".db";
  auto store = open_sqlite(options);
  if (!store) {
    std::fprintf(stderr, "%s\n", to_string(store.error()).c_str());
    std::exit(1);
  }
  double cpu = 0, wall = 0, late_cpu = 0;
  std::vector<double> commits;
  for (int n = 1; n <= events; n += group) {
    std::vector<store_batch> batches;
    for (int i = 0; i < group; ++i) batches.push_back(make(n + i));
    auto cpu_before = spent_us(), wall_before = wall_us();
    auto done = (*store)->commit(batches);
    auto spent = spent_us() - cpu_before;
    commits.push_back(wall_us() - wall_before);
    cpu += spent;
    wall += commits.back();
    if (n > events - events / 4) late_cpu += spent;
    if (!done) {
      std::fprintf(stderr, "%s\n", to_string(done.error()).c_str());
      std::exit(1);
    }
  }
  std::ranges::sort(commits);
  std::printf(
    "%-9s %8d events, %3d per commit: %7.0f events/s, cpu %5.1f us/event (last quarter %5.1f; one verification %4.1f),"
    " commit p50 %5.0f p99 %6.0f max %6.0f us, %4.0f bytes/event\n",
    name, events, group, events / (wall / 1e6), cpu / events, late_cpu / (events / 4.0), verification_us(),
    commits[commits.size() / 2], commits[commits.size() * 99 / 100], commits.back(),
    static_cast<double>(std::filesystem::file_size(options.path)) / events);
}

} // namespace

int main(int argc, char** argv) {
  int events = argc > 1 ? std::atoi(argv[1]) : 100'000;
  int group = argc > 2 ? std::atoi(argv[2]) : 50;
  std::string folder =
    (argc > 3 ? std::string{argv[3]} : std::filesystem::temp_directory_path().string()) + "/bench-store-XXXXXX";
  if (events < 4 || group < 1 || !mkdtemp(folder.data())) return 2;
  measure("pair", folder, events, group, pair);
  measure("received", folder, events, group, received);
  measure("sent", folder, events / 4, group, sent);
  std::filesystem::remove_all(folder);
}
