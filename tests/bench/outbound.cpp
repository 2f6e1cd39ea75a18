// Load for `tools/bench outbound`: fake homeservers join a room of a running broker, then a local user of its chat
// server sends messages; each goes to every homeserver.
//
//   load_outbound --port P --server-name NAME --pid PID --ca F --certificate F --private-key F --chat ENDPOINT --user
//   USER
//                 [--remotes 20] [--messages 2000] [--open 256] [--paced 500] [--paced-rate 100]
//
// Two parts: `messages` as fast as `open` commands in flight allow (rate, CPU), then `paced` at `paced-rate` per second
// (latency from sending the command to the receipt at each homeserver). One line of JSON.
#include "tests/bench/chat_peer.hpp"
#include "tests/bench/fake_homeserver.hpp"

#include <sodium.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace {

using namespace causeway;
using namespace causeway::bench;

/// What arrived at the homeservers. Filled by the serving thread.
class receipts {
public:
  receipts(std::size_t remotes) : remotes_(remotes) {}

  void begin(std::size_t messages) {
    const std::lock_guard guard{mutex_};
    seen_.assign(remotes_, std::vector<bool>(messages));
    seconds_.clear();
    repeated_ = transactions_ = 0;
    last_ = 0;
  }
  /// Finds `load n=<number> t=<microseconds>` in the events of a transaction; its text is not parsed: that costs CPU.
  void take(std::size_t remote, std::string_view transaction) {
    const auto now = now_s();
    const std::lock_guard guard{mutex_};
    ++transactions_;
    static constexpr std::string_view marker = "load n=";
    for (auto at = transaction.find(marker); at != std::string_view::npos; at = transaction.find(marker, at + 1)) {
      std::size_t number = 0;
      std::int64_t sent_us = 0;
      const std::string text{transaction.substr(at + marker.size(), 40)};
      if (std::sscanf(text.c_str(), "%zu t=%" SCNd64, &number, &sent_us) != 2 || remote >= seen_.size()) continue;
      if (number >= seen_[remote].size() || seen_[remote][number]) {
        ++repeated_;
        continue;
      }
      seen_[remote][number] = true;
      seconds_.push_back(now - static_cast<double>(sent_us) * 1e-6);
      last_ = now;
    }
  }
  std::size_t count() const {
    const std::lock_guard guard{mutex_};
    return seconds_.size();
  }
  struct result {
    std::vector<double> seconds;
    std::size_t repeated = 0, transactions = 0;
    double last = 0;
  };
  result end() const {
    const std::lock_guard guard{mutex_};
    return {seconds_, repeated_, transactions_, last_};
  }

private:
  std::size_t remotes_;
  mutable std::mutex mutex_;
  std::vector<std::vector<bool>> seen_;
  std::vector<double> seconds_;
  std::size_t repeated_ = 0, transactions_ = 0;
  double last_ = 0;
};

chat::message_send numbered_message(const std::string& room, const std::string& user, std::size_t number,
                                    const char* part) {
  chat::message_send out;
  out.room = room;
  out.sender = user;
  out.message = part + std::to_string(number);
  out.text =
    "load n=" + std::to_string(number) + " t=" + std::to_string(static_cast<std::int64_t>(now_s() * 1e6)) + ' ';
  out.text.resize(330, 'x'); // events of about 963 bytes, as the yardstick's
  return out;
}

} // namespace

int main(int argc, char** argv) {
  require(sodium_init() >= 0, "libsodium does not start");
  const auto number = [&](std::string_view name, std::string_view otherwise) {
    return static_cast<std::size_t>(std::atoll(argument(argc, argv, name, otherwise).c_str()));
  };
  const auto port = static_cast<std::uint16_t>(number("port", "0"));
  const auto broker = argument(argc, argv, "server-name"), user = argument(argc, argv, "user");
  const auto pid = static_cast<int>(number("pid", "0"));
  const tls_files files{argument(argc, argv, "certificate"), argument(argc, argv, "private-key"),
                        argument(argc, argv, "ca")};
  const auto remotes = number("remotes", "20"), messages = number("messages", "2000"), open = number("open", "256");
  const auto paced = number("paced", "500"), paced_rate = number("paced-rate", "100");
  require(port && pid && !broker.empty() && !user.empty() && remotes && messages && open,
          "usage: see the head of outbound.cpp");

  receipts arrived{remotes};
  https_listeners listeners{files, remotes,
                            [&](std::size_t remote, std::string_view body) { arrived.take(remote, body); }};
  chat_peer chat{argument(argc, argv, "chat"), "load", events_to_ask::no};
  chat::room_create creation;
  creation.room = "load-" + std::to_string(now_ms());
  creation.type = chat::room_type::channel;
  creation.access = chat::visibility::public_;
  creation.room_name = "load";
  creation.creator = user;
  const auto room = text_of(chat.call(creation), "matrix_room_id");
  require(!room.empty(), "room.create has no matrix_room_id");

  const auto join_begun = now_s();
  for (std::size_t i = 0; i < remotes; ++i) {
    const fake_homeserver server{"localhost:" + std::to_string(listeners.ports()[i]), broker};
    listeners.set_key_document(i, server.key_document());
    https_connection connection{files, port};
    server.join(connection, room, "remote" + std::to_string(i));
  }
  const auto joined = now_s() - join_begun;

  const auto wait_for_all = [&](std::size_t wanted) {
    for (const auto deadline = now_s() + 120; arrived.count() < wanted;) {
      require(now_s() < deadline,
              "after two minutes " + std::to_string(arrived.count()) + " of " + std::to_string(wanted) + " arrived");
      chat.poll(5);
    }
  };

  // The first messages open connections and fetch keys: not counted.
  arrived.begin(20);
  for (std::size_t i = 0; i < 20; ++i) chat.call(numbered_message(room, user, i, "first "));
  wait_for_all(20 * remotes);

  arrived.begin(messages);
  const auto before = usage_of(pid);
  const auto begun = now_s();
  std::vector<double> results;
  for (std::size_t sent = 0; sent < messages || chat.open() > 0;) {
    for (; sent < messages && chat.open() < open; ++sent)
      chat.send(numbered_message(room, user, sent, "fast "),
                [&, at = now_s()](const std::string&) { results.push_back(now_s() - at); });
    chat.poll(100);
  }
  const auto answered = now_s() - begun;
  wait_for_all(messages * remotes);
  const auto after = usage_of(pid);
  const auto fast = arrived.end();
  const auto deliveries = static_cast<double>(messages * remotes), elapsed = fast.last - begun;

  arrived.begin(paced);
  std::vector<double> paced_results;
  const auto paced_begun = now_s();
  for (std::size_t sent = 0; sent < paced || chat.open() > 0;) {
    const auto due = paced_begun + static_cast<double>(sent) / static_cast<double>(paced_rate);
    const auto now = now_s();
    if (sent < paced && now >= due) {
      chat.send(numbered_message(room, user, sent++, "paced "),
                [&, at = now](const std::string&) { paced_results.push_back(now_s() - at); });
      chat.poll(0);
    } else {
      chat.poll(sent < paced ? static_cast<int>((due - now) * 1e3) + 1 : 100);
    }
  }
  wait_for_all(paced * remotes);
  const auto slow = arrived.end();

  std::printf(
    "{\"rate_per_s\":%.0f,\"cpu_us_per_event\":%.2f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"rss_mib\":%.1f,\"deliveries\":%."
    "0f,"
    "\"remotes\":%zu,\"messages\":%zu,\"repeated\":%zu,\"commands_per_s\":%.0f,\"events_per_transaction\":%.1f,"
    "\"burst_p50_ms\":%.1f,\"burst_p99_ms\":%.1f,\"result_p50_ms\":%.2f,\"result_p99_ms\":%.2f,\"paced_per_s\":%zu,"
    "\"cpu_cores\":%.2f,\"join_ms_each\":%.1f}\n",
    deliveries / elapsed, (after.cpu_seconds - before.cpu_seconds) * 1e6 / deliveries,
    percentile(slow.seconds, 0.5) * 1e3, percentile(slow.seconds, 0.99) * 1e3, after.rss_mib, deliveries, remotes,
    messages, fast.repeated + slow.repeated, static_cast<double>(messages) / answered,
    deliveries / static_cast<double>(std::max<std::size_t>(1, fast.transactions)), percentile(fast.seconds, 0.5) * 1e3,
    percentile(fast.seconds, 0.99) * 1e3, percentile(paced_results, 0.5) * 1e3, percentile(paced_results, 0.99) * 1e3,
    paced_rate, (after.cpu_seconds - before.cpu_seconds) / elapsed, joined * 1e3 / static_cast<double>(remotes));
}
