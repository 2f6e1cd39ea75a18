// Load for `tools/bench receipts`: many users of one chat server read in a room with many servers, all at once.
//
//   load_receipts --port P --server-name NAME --pid PID --ca F --certificate F --private-key F --chat ENDPOINT
//                 --user USER [--remotes 20] [--readers 1000] [--messages 10] [--open 256]
//
// Two parts: `burst`, all read the one message at once, and `scroll`, all read one message after the other, as fast as
// `open` commands in flight allow. Both end when each homeserver knows how far everybody has read. One line of JSON; an
// event of its figures is one marker told to one server.
#include "messages/matrix/receipts.hpp"
#include "messages/matrix/transaction.hpp"
#include "tests/bench/chat_peer.hpp"
#include "tests/bench/fake_homeserver.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>

namespace {

using namespace causeway;
using namespace causeway::bench;

/// What the homeservers have been told. Filled by the serving thread.
class told_receipts {
public:
  told_receipts(std::size_t remotes, std::string broker) : known_(remotes), broker_(std::move(broker)) {}

  /// From now on readers are looked for at `event_id`, from `begun` on.
  void begin(std::string event_id, double begun) {
    const std::lock_guard guard{mutex_};
    wanted_ = std::move(event_id);
    begun_ = begun;
    for (auto& users : known_) users.clear();
    seconds_.clear();
    edus_ = receipts_ = transactions_ = messages_ = 0;
  }
  void take(std::size_t remote, std::string_view text) {
    const auto now = now_s();
    const auto body = matrix::parse_transaction(text);
    require(static_cast<bool>(body), "a transaction cannot be read");
    const std::lock_guard guard{mutex_};
    for (const auto& pdu : body->pdus)
      if (const auto* type = pdu.find("type"); type && type->as_string() && *type->as_string() == "m.room.message")
        ++messages_;
    bool has_receipts = false;
    for (const auto& edu : body->edus) {
      if (edu.edu_type != "m.receipt") continue;
      has_receipts = true;
      ++edus_;
      for (const auto& x : matrix::receipts_of(edu.content, broker_)) {
        ++receipts_;
        if (x.event_id == wanted_ && known_[remote].insert(x.user_id).second) seconds_.push_back(now - begun_);
      }
    }
    transactions_ += has_receipts ? 1 : 0;
  }
  struct result {
    std::vector<double> seconds; ///< until a server knew of a reader
    std::size_t edus = 0, receipts = 0, transactions = 0, messages = 0;
  };
  result so_far() const {
    const std::lock_guard guard{mutex_};
    return {seconds_, edus_, receipts_, transactions_, messages_};
  }

private:
  mutable std::mutex mutex_;
  std::vector<std::set<std::string>> known_; ///< of each server: who has read up to `wanted_`
  std::string broker_, wanted_;
  double begun_ = 0;
  std::vector<double> seconds_;
  std::size_t edus_ = 0, receipts_ = 0, transactions_ = 0, messages_ = 0;
};

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
  const auto remotes = number("remotes", "20"), readers = number("readers", "1000"),
             messages = number("messages", "10"), open = number("open", "256");
  require(port && pid && !broker.empty() && !user.empty() && remotes && readers && messages && open,
          "usage: see the head of receipts.cpp");

  told_receipts told{remotes, broker};
  https_listeners listeners{files, remotes,
                            [&](std::size_t remote, std::string_view body) { told.take(remote, body); }};
  chat_peer chat{argument(argc, argv, "chat"), "load", events_to_ask::no};
  const auto do_all = [&](std::size_t count, const auto& command) {
    for (std::size_t sent = 0; sent < count || chat.open() > 0;) {
      for (; sent < count && chat.open() < open; ++sent) chat.send(command(sent), [](const std::string&) {});
      chat.poll(100);
    }
  };
  const auto wait_until = [&](const auto& condition, const char* what) {
    for (const auto deadline = now_s() + 120; !condition();) {
      require(now_s() < deadline, std::string{"waited two minutes for "} + what);
      chat.poll(2);
    }
  };

  chat::room_create creation;
  creation.room = "load-" + std::to_string(now_ms());
  creation.type = chat::room_type::channel;
  creation.access = chat::visibility::public_;
  creation.room_name = "load";
  creation.creator = user;
  const auto room = text_of(chat.call(creation), "matrix_room_id");
  require(!room.empty(), "room.create has no matrix_room_id");
  const auto reader = [&](std::size_t i) { return "@reader" + std::to_string(i) + ":" + broker; };
  do_all(readers, [&](std::size_t i) { return chat::room_join{room, reader(i), {}}; });
  for (std::size_t i = 0; i < remotes; ++i) {
    const fake_homeserver server{"localhost:" + std::to_string(listeners.ports()[i]), broker};
    listeners.set_key_document(i, server.key_document());
    https_connection connection{files, port};
    server.join(connection, room, "remote" + std::to_string(i));
  }
  const auto say = [&](std::size_t n) {
    chat::message_send x;
    x.room = room;
    x.sender = user;
    x.message = "m" + std::to_string(n);
    x.text = "message " + std::to_string(n);
    return text_of(chat.call(x), "event_id");
  };
  std::vector<std::string> said;
  told.begin("", now_s());
  for (std::size_t i = 0; i <= messages; ++i) said.push_back(say(i));
  // These open connections and fetch keys: not counted.
  wait_until([&] { return told.so_far().messages >= said.size() * remotes; }, "the messages to arrive");

  struct part {
    told_receipts::result told;
    double cpu = 0, elapsed = 0, answered = 0;
  };
  const auto measure = [&](const std::string& wanted, std::size_t commands, const auto& command) {
    const auto before = usage_of(pid);
    const auto begun = now_s();
    told.begin(wanted, begun);
    do_all(commands, command);
    const auto answered = now_s() - begun;
    wait_until([&] { return told.so_far().seconds.size() == readers * remotes; }, "everybody to know");
    const auto elapsed = now_s() - begun;
    return part{told.so_far(), usage_of(pid).cpu_seconds - before.cpu_seconds, elapsed, answered};
  };
  const auto burst =
    measure(said[0], readers, [&](std::size_t i) { return chat::mark_read{room, reader(i), said[0], {}}; });
  const auto scroll = measure(said.back(), readers * messages, [&](std::size_t i) {
    return chat::mark_read{room, reader(i % readers), said[1 + i / readers], {}};
  });

  const auto deliveries = static_cast<double>(readers * remotes);
  std::printf(
    "{\"rate_per_s\":%.0f,\"cpu_us_per_event\":%.2f,\"p50_ms\":%.1f,\"p99_ms\":%.1f,\"rss_mib\":%.1f,\"readers\":%zu,"
    "\"remotes\":%zu,\"edus\":%zu,\"transactions\":%zu,\"receipts\":%zu,\"all_know_ms\":%.0f,\"cpu_ms\":%.0f,"
    "\"answered_ms\":%.0f,\"scroll_messages\":%zu,\"scroll_edus\":%zu,\"scroll_receipts\":%zu,"
    "\"scroll_all_know_ms\":%.0f,\"scroll_cpu_ms\":%.0f,\"scroll_commands_per_s\":%.0f}\n",
    deliveries / burst.elapsed, burst.cpu * 1e6 / deliveries, percentile(burst.told.seconds, 0.5) * 1e3,
    percentile(burst.told.seconds, 0.99) * 1e3, usage_of(pid).rss_mib, readers, remotes, burst.told.edus,
    burst.told.transactions, burst.told.receipts, burst.elapsed * 1e3, burst.cpu * 1e3, burst.answered * 1e3, messages,
    scroll.told.edus, scroll.told.receipts, scroll.elapsed * 1e3, scroll.cpu * 1e3,
    static_cast<double>(readers * messages) / scroll.answered);
}
