#pragma once
#include "messages/matrix/signing.hpp"
#include "messages/store.hpp"
#include "plugin/store/engine.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Events, batches and stores to test with.
namespace causeway::store {

inline const std::string sample_room = "!room:here.example";

/// What distinguishes one sample event from the next.
struct event_facts {
  std::string room_id = sample_room;
  std::string type = "m.room.message";
  std::optional<std::string> state_key;
  std::string body = "hello";
  std::int64_t depth = 1;
  std::int64_t origin_server_ts = 1'700'000'000'000;
  std::vector<std::string> prev_events;
  std::string version = "11";
};

inline matrix::event_ptr sample_event(const event_facts& x) {
  namespace json = matrix::json;
  static const auto key = *matrix::signing_key::from_seed(std::string(32, 's'));
  json::array parents;
  for (const auto& id : x.prev_events) parents.emplace_back(id);
  json::object pdu{{"type", x.type},
                   {"room_id", x.room_id},
                   {"sender", "@alice:here.example"},
                   {"content", json::object{{"body", x.body}, {"msgtype", "m.text"}}},
                   {"depth", x.depth},
                   {"origin_server_ts", x.origin_server_ts},
                   {"prev_events", std::move(parents)},
                   {"auth_events", json::array{}}};
  if (x.state_key) pdu.set("state_key", *x.state_key);
  auto made = matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version(x.version), "here.example", key);
  if (!made) throw std::runtime_error{to_string(made.error())};
  return *made;
}

/// The n-th message of a room.
inline matrix::event_ptr sample_message(std::int64_t n, const std::string& room_id = sample_room) {
  return sample_event({.room_id = room_id, .body = "message " + std::to_string(n), .depth = n});
}

inline put_room sample_head(const std::string& room_id = sample_room) {
  put_room head;
  head.room_id = room_id;
  head.room_version = "11";
  return head;
}

inline constexpr shard_number sample_shard = 7;

inline store_batch of_shard(shard_number shard, store_batch batch) {
  batch.shards.add(shard);
  return batch;
}

template <class... Writes>
store_batch batch_of(Writes... writes) {
  store_batch batch;
  (batch.writes.emplace_back(std::move(writes)), ...);
  return of_shard(sample_shard, std::move(batch));
}

/// A folder that goes with the test.
class scratch_folder {
public:
  scratch_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "causeway-store-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error{"mkdtemp"};
    path_ = name;
  }
  scratch_folder(scratch_folder&&) = delete;
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string file(const std::string& name = "store.db") const { return (path_ / name).string(); }

private:
  std::filesystem::path path_;
};

inline config::store_options options_for(const std::string& path) {
  config::store_options options;
  options.path = path;
  return options;
}

inline std::unique_ptr<engine> must_open(const std::string& path) {
  auto opened = open_sqlite(options_for(path));
  if (!opened) throw std::runtime_error{to_string(opened.error())};
  return *std::move(opened);
}

/// Commits one batch of `writes`; the test fails when the engine refuses.
template <class... Writes>
commit_outcome must_commit(engine& store, Writes... writes) {
  std::vector<store_batch> batches{batch_of(std::move(writes)...)};
  auto outcomes = store.commit(batches);
  if (!outcomes) throw std::runtime_error{to_string(outcomes.error())};
  return outcomes->front();
}

/// The answer, which has to be an `Answer`.
template <class Answer>
Answer must_ask(reader& store, const query& question) {
  auto answered = store.ask(question);
  if (const auto* failed = std::get_if<fault>(&answered)) throw std::runtime_error{to_string(*failed)};
  return std::get<Answer>(std::move(answered));
}

} // namespace causeway::store
