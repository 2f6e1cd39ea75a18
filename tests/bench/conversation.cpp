// Load for `tools/bench conversation`: the users of two chat servers talk in many channels, each by its own broker.
//
//   load_conversation --chat ENDPOINT --user USER --server-name NAME --pid PID
//                     --other-chat ENDPOINT --other-user USER --other-server-name NAME --other-pid PID
//                     [--channels 200] [--rate 50] [--seconds 60]
//
// Each side creates half of the channels, and the other side's user joins them. Then each side says `rate` messages a
// second for `seconds`, in one channel after the other. Measured is the time from sending the command to the event at
// the other chat server, and what is lost, comes twice or in another order than it was said in its channel. One line of
// JSON, milliseconds.
#include "tests/bench/chat_peer.hpp"
#include "tests/bench/fake_homeserver.hpp"

#include "messages/chat/codec.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

using namespace causeway;
using namespace causeway::bench;

namespace {

constexpr std::string_view marker = "conversation n=";
/// After the last message was said.
constexpr double patience_s = 60;

/// What one side says and the other one hears. Said on one thread, heard on another.
class talk {
public:
  explicit talk(std::size_t channels) : last_heard_(channels) {}

  std::size_t say() {
    const std::lock_guard guard{mutex_};
    said_at_.push_back(now_s());
    took_s_.push_back(0);
    return said_at_.size() - 1;
  }
  void hear(const std::string& text) {
    if (!text.starts_with(marker)) return;
    const auto number = static_cast<std::size_t>(std::atoll(text.c_str() + marker.size()));
    const auto now = now_s();
    const std::lock_guard guard{mutex_};
    require(number < said_at_.size(), "a message that nobody has said: " + text);
    if (took_s_[number] != 0) {
      ++doubled_;
      return;
    }
    took_s_[number] = now - said_at_[number];
    ++heard_;
    auto& last = last_heard_[number % last_heard_.size()];
    if (number < last) ++out_of_order_;
    last = std::max(last, number);
  }
  bool is_heard() const {
    const std::lock_guard guard{mutex_};
    return heard_ == said_at_.size();
  }
  std::size_t said() const {
    const std::lock_guard guard{mutex_};
    return said_at_.size();
  }
  /// How long those took that were heard, seconds.
  std::vector<double> took_s() const {
    const std::lock_guard guard{mutex_};
    std::vector<double> out;
    std::copy_if(took_s_.begin(), took_s_.end(), std::back_inserter(out), [](double each) { return each != 0; });
    return out;
  }
  /// Of these two: not before both threads have ended.
  std::size_t doubled() const { return doubled_; }
  std::size_t out_of_order() const { return out_of_order_; }

private:
  mutable std::mutex mutex_;
  std::vector<double> said_at_, took_s_;
  std::vector<std::size_t> last_heard_; ///< number of the latest one of each channel
  std::size_t heard_ = 0, doubled_ = 0, out_of_order_ = 0;
};

struct side {
  chat_peer chat;
  std::string user, server_name;
  int pid = 0;
  std::vector<double> result_s = {}; ///< from the command to its RESULT
};

std::string found_channel(side& by, side& guest, std::size_t number) {
  chat::room_create creation;
  creation.room = "conversation-" + std::to_string(now_ms()) + '-' + std::to_string(number);
  creation.type = chat::room_type::channel;
  creation.access = chat::visibility::public_;
  creation.room_name = "conversation";
  creation.creator = by.user;
  auto room = text_of(by.chat.call(creation), "matrix_room_id");
  require(!room.empty(), "room.create has no matrix_room_id");
  chat::room_join joining;
  joining.room = room;
  joining.user = guest.user;
  joining.via = {by.server_name};
  guest.chat.call(joining);
  return room;
}

void say(side& from, talk& says, const std::vector<std::string>& rooms) {
  const auto number = says.say();
  chat::message_send out;
  out.room = rooms[number % rooms.size()];
  out.sender = from.user;
  out.message = "conversation-" + std::to_string(number);
  out.text = std::string{marker} + std::to_string(number) + ' ';
  out.text.resize(330, 'x'); // events of about 963 bytes, as the yardstick's
  from.chat.send(out, [&from, at = now_s()](const std::string&) { from.result_s.push_back(now_s() - at); });
}

/// One side to its end: until all it said is answered and all the other one said is heard, or patience is over.
void converse(side& own, talk& says, const talk& hears, const std::vector<std::string>& rooms, double rate,
              double seconds) {
  const auto begun = now_s();
  const auto messages = static_cast<std::size_t>(rate * seconds);
  for (std::size_t n = 0; n < messages;) {
    const auto due = begun + static_cast<double>(n) / rate;
    if (now_s() >= due) {
      say(own, says, rooms);
      ++n;
    }
    own.chat.poll(std::max(0, static_cast<int>((begun + static_cast<double>(n) / rate - now_s()) * 1e3)));
  }
  // The other side may be a moment behind with what it says: it is heard once that has ended, too.
  for (const auto deadline = now_s() + patience_s; now_s() < deadline; own.chat.poll(5))
    if (own.chat.open() == 0 && hears.said() >= messages && hears.is_heard()) break;
}

void listen(chat_peer& chat, talk& hears) {
  chat.on_event = [&hears](const std::string& name, const std::string& body) {
    if (name != chat::message_received::name) return;
    const auto decoded = chat::decode_notification(name, body);
    require(static_cast<bool>(decoded), "a message.received cannot be decoded");
    hears.hear(std::get<chat::message_received>(*decoded).text);
  };
}

} // namespace

int main(int argc, char** argv) {
  require(sodium_init() >= 0, "libsodium does not start");
  const auto word = [&](std::string_view name) { return argument(argc, argv, name); };
  const auto number = [&](std::string_view name, std::string_view otherwise) {
    return std::atof(argument(argc, argv, name, otherwise).c_str());
  };
  const auto channels = static_cast<std::size_t>(number("channels", "200"));
  const auto rate = number("rate", "50"), seconds = number("seconds", "60");
  require(!word("chat").empty() && !word("other-chat").empty() && channels && rate > 0 && seconds > 0,
          "usage: see the head of conversation.cpp");

  side here{{word("chat"), "load", events_to_ask::yes},
            word("user"),
            word("server-name"),
            static_cast<int>(number("pid", "0"))};
  side there{{word("other-chat"), "load", events_to_ask::yes},
             word("other-user"),
             word("other-server-name"),
             static_cast<int>(number("other-pid", "0"))};
  for (auto* each : {&here, &there}) {
    chat::user_profile profile;
    profile.user = each->user;
    profile.display_name = "Load";
    each->chat.call(profile);
  }
  std::vector<std::string> rooms;
  const auto founding = now_s();
  for (std::size_t i = 0; i < channels; ++i)
    rooms.push_back(i % 2 == 0 ? found_channel(here, there, i) : found_channel(there, here, i));
  const auto founded_s = now_s() - founding;

  talk from_here{channels}, from_there{channels};
  listen(here.chat, from_there);
  listen(there.chat, from_here);
  const auto cpu = [&] { return usage_of(here.pid).cpu_seconds + usage_of(there.pid).cpu_seconds; };
  const auto before = cpu();
  const auto begun = now_s();
  std::thread other{[&] { converse(there, from_there, from_here, rooms, rate, seconds); }};
  converse(here, from_here, from_there, rooms, rate, seconds);
  other.join();
  const auto elapsed = now_s() - begun;
  const auto used = cpu() - before;

  auto took = from_here.took_s();
  const auto back = from_there.took_s();
  took.insert(took.end(), back.begin(), back.end());
  auto results = here.result_s;
  results.insert(results.end(), there.result_s.begin(), there.result_s.end());
  const auto said = from_here.said() + from_there.said();
  std::printf("{\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"rss_mib\":%.1f,\"channels\":%zu,\"messages\":%zu,\"lost\":%zu,"
              "\"doubled\":%zu,\"out_of_order\":%zu,\"result_p50_ms\":%.2f,\"result_p99_ms\":%.2f,"
              "\"said_per_s\":%.1f,\"cpu_us_per_message\":%.0f,\"channel_ms_each\":%.1f}\n",
              percentile(took, 0.5) * 1e3, percentile(took, 0.99) * 1e3,
              usage_of(here.pid).rss_mib + usage_of(there.pid).rss_mib, channels, said, said - took.size(),
              from_here.doubled() + from_there.doubled(), from_here.out_of_order() + from_there.out_of_order(),
              percentile(results, 0.5) * 1e3, percentile(results, 0.99) * 1e3, static_cast<double>(said) / elapsed,
              used * 1e6 / static_cast<double>(said), founded_s * 1e3 / static_cast<double>(channels));
}
