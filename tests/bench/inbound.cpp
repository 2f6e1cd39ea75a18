// Load for `tools/bench inbound`: fake homeservers join rooms of a running broker and push signed messages in
// transactions of 50 over keep-alive HTTPS, one transaction in flight per origin. All is made and signed before the
// clock starts.
//
//   load_inbound --port P --server-name NAME --pid PID --ca F --certificate F --private-key F --chat ENDPOINT --user
//   USER
//                [--events 60000] [--rooms 1] [--origins ROOMS] [--batch 50] [--extremities 1]
//
// Fewer events measure the start of a broker more than its work: in the first 20,000 its memory grows to what it needs,
// which costs some microseconds each.
//
// With `--extremities N` each origin forks its room before the clock starts: N chains, each begun with a change of the
// same state, so that the room has N ends with N different states, and every event of the load, in turn on one of the
// chains, moves one of them.
//
// A chat server is connected all the time and acknowledges what it is told: that is part of accepting an event.
//
// One line of JSON; rates are of events the broker answered 200 for and serves afterwards (a sample is asked for).
#include "tests/bench/chat_peer.hpp"
#include "tests/bench/fake_homeserver.hpp"

#include "messages/matrix/endpoints.hpp"

#include <sodium.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

using namespace causeway;
using namespace causeway::bench;

/// 330 bytes of text make events of about 963 bytes, as the yardstick's.
std::string words(std::size_t number) {
  auto text = "number " + std::to_string(number) + ' ';
  while (text.size() < 330)
    text += text.size() % 11 == 0   ? "gr\xc3\xbc\xc3\x9f"
                                      "e "
            : text.size() % 13 == 0 ? "\n\"quoted\" "
                                    : "lorem ipsum ";
  return text;
}

/// One origin: its connection, its chain, its transactions.
struct origin {
  fake_homeserver server;
  https_connection connection;
  std::vector<fake_homeserver::prepared_request> transactions;
  std::vector<std::string> event_ids;
  std::vector<double> seconds; ///< of each transaction
  std::size_t refused = 0;     ///< transactions without 200, and events answered with an error
  std::size_t bytes = 0;       ///< of all PDUs

  void push() {
    for (const auto& transaction : transactions) {
      const auto begun = now_s();
      const auto reply = connection.request("PUT", transaction.target, transaction.authorization, transaction.body);
      seconds.push_back(now_s() - begun);
      if (reply.status != 200) {
        if (refused++ == 0) std::fprintf(stderr, "load: answered %d %.300s\n", reply.status, reply.body.c_str());
        continue;
      }
      for (auto at = reply.body.find("\"error\""); at != std::string::npos; at = reply.body.find("\"error\"", at + 1))
        if (refused++ == 0) std::fprintf(stderr, "load: an event was refused: %.300s\n", reply.body.c_str());
    }
  }
};

} // namespace

int main(int argc, char** argv) {
  require(sodium_init() >= 0, "libsodium does not start");
  const auto port = static_cast<std::uint16_t>(std::atoi(argument(argc, argv, "port").c_str()));
  const auto broker = argument(argc, argv, "server-name");
  const auto pid = std::atoi(argument(argc, argv, "pid").c_str());
  const tls_files files{argument(argc, argv, "certificate"), argument(argc, argv, "private-key"),
                        argument(argc, argv, "ca")};
  const auto user = argument(argc, argv, "user");
  const auto room_count = static_cast<std::size_t>(std::atoi(argument(argc, argv, "rooms", "1").c_str()));
  const auto events = static_cast<std::size_t>(std::atoll(argument(argc, argv, "events", "60000").c_str()));
  const auto origins =
    static_cast<std::size_t>(std::atoi(argument(argc, argv, "origins", std::to_string(room_count)).c_str()));
  const auto batch = static_cast<std::size_t>(std::atoi(argument(argc, argv, "batch", "50").c_str()));
  const auto extremities = static_cast<std::size_t>(std::atoi(argument(argc, argv, "extremities", "1").c_str()));
  require(port && pid && !broker.empty() && !user.empty() && room_count && origins > 0 && batch > 0 && batch <= 50 &&
            extremities > 0 && extremities <= 20,
          "usage: see the head of inbound.cpp");

  chat_peer chat{argument(argc, argv, "chat"), "load", events_to_ask::yes};
  std::vector<std::string> rooms;
  for (std::size_t i = 0; i < room_count; ++i) {
    chat::room_create creation;
    creation.room = "load-" + std::to_string(now_ms()) + '-' + std::to_string(i);
    creation.type = chat::room_type::channel;
    creation.access = chat::visibility::public_;
    creation.room_name = "load";
    creation.creator = user;
    rooms.push_back(text_of(chat.call(creation), "matrix_room_id"));
    require(!rooms.back().empty(), "room.create has no matrix_room_id");
  }
  std::atomic<bool> over = false;
  https_listeners listeners{files, origins, [](std::size_t, std::string_view) {}};
  std::vector<origin> all;
  all.reserve(origins);
  const auto each = events / origins;
  for (std::size_t i = 0; i < origins; ++i) {
    auto& self = all.emplace_back(origin{fake_homeserver{"localhost:" + std::to_string(listeners.ports()[i]), broker},
                                         https_connection{files, port},
                                         {},
                                         {},
                                         {}});
    listeners.set_key_document(i, self.server.key_document());
    std::vector<joined_room> chains(
      extremities, self.server.join(self.connection, rooms[i % rooms.size()], "load" + std::to_string(i)));
    if (extremities > 1) {
      std::vector<std::string> pdus;
      for (std::size_t n = 0; n < extremities; ++n)
        pdus.push_back(self.server.next_profile(chains[n], "chain " + std::to_string(n))->to_json());
      const auto fork = self.server.prepare_transaction("fork-" + std::to_string(now_ms()), pdus);
      const auto reply = self.connection.request("PUT", fork.target, fork.authorization, fork.body);
      require(reply.status == 200 && reply.body.find("\"error\"") == std::string::npos,
              "the room could not be forked: " + reply.body);
    }
    for (std::size_t done = 0; done < each;) {
      std::vector<std::string> pdus;
      for (; pdus.size() < batch && done < each; ++done) {
        const auto event = self.server.next_message(chains[done % extremities], words(done));
        self.event_ids.push_back(event->event_id);
        self.bytes += pdus.emplace_back(event->to_json()).size();
      }
      self.transactions.push_back(self.server.prepare_transaction(
        std::to_string(now_ms()) + '-' + std::to_string(self.transactions.size()), pdus));
    }
  }

  std::thread listening{[&] {
    while (!over) chat.poll(20);
  }};
  const auto before = usage_of(pid);
  const auto begun = now_s();
  std::vector<std::thread> threads;
  for (auto& self : all) threads.emplace_back([&self] { self.push(); });
  for (auto& thread : threads) thread.join();
  const auto elapsed = now_s() - begun;
  // What was answered for may still be worked on: it counts when the last event of each chain is served.
  for (auto& self : all) {
    const auto target = matrix::endpoint_path(matrix::endpoint::event, {self.event_ids.back()});
    const auto deadline = now_s() + 60;
    while (self.server.get(self.connection, target).status != 200)
      require(now_s() < deadline, "the last event is not served a minute after it was acknowledged");
  }
  const auto visible = now_s() - begun;
  over = true;
  listening.join();
  const auto after = usage_of(pid);

  std::vector<double> seconds;
  std::size_t refused = 0, sampled = 0, stored = 0, bytes = 0;
  for (auto& self : all) {
    seconds.insert(seconds.end(), self.seconds.begin(), self.seconds.end());
    refused += self.refused;
    bytes += self.bytes;
    for (std::size_t i = 0; i < self.event_ids.size(); i += std::max<std::size_t>(1, self.event_ids.size() / 200)) {
      ++sampled;
      const auto target = matrix::endpoint_path(matrix::endpoint::event, {self.event_ids[i]});
      if (self.server.get(self.connection, target).status == 200) ++stored;
    }
  }
  const auto count = static_cast<double>(each * origins);
  std::printf(
    "{\"rate_per_s\":%.0f,\"cpu_us_per_event\":%.2f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"rss_mib\":%.1f,\"events\":%.0f,"
    "\"origins\":%zu,\"rooms\":%zu,\"batch\":%zu,\"extremities\":%zu,\"pdu_bytes\":%.0f,\"refused\":%zu,"
    "\"sampled\":%zu,\"stored\":%zu,"
    "\"accept_s\":%.3f,\"visible_s\":%.3f,\"cpu_cores\":%.2f,\"rss_before_mib\":%.1f,\"told\":%zu}\n",
    count / std::max(elapsed, visible), (after.cpu_seconds - before.cpu_seconds) * 1e6 / count,
    percentile(seconds, 0.5) * 1e3, percentile(seconds, 0.99) * 1e3, after.rss_mib, count, origins, rooms.size(), batch,
    extremities, static_cast<double>(bytes) / count, refused, sampled, stored, elapsed, visible,
    (after.cpu_seconds - before.cpu_seconds) / visible, before.rss_mib, chat.events());
  return refused == 0 && stored == sampled ? 0 : 1;
}
