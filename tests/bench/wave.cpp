// Load for `tools/bench wave`: what a crowd of dead servers costs one that is healthy.
//
//   load_wave --port P --server-name NAME --pid PID --ca F --certificate F --private-key F --chat ENDPOINT --user USER
//             [--dead 2000] [--seconds 20] [--rate 100] [--crowd-rate 1] [--each FILE]
//
// The user is in two rooms with the healthy server: a small one, and one of which the crowd's servers are members as
// well. All live while he joins and while the latency is measured without a wave: from sending the command to the
// receipt at the healthy server. Then the crowd dies, every second one by refusing connections, the others by taking
// them and saying nothing, and one message into its room begins the wave. Both rooms are measured, `rate` and
// `crowd-rate` messages a second: in the first 8 s, and for `seconds` after them. One line of JSON, milliseconds.
// `--each` writes a line for each message: which measure, seconds since its first one, milliseconds it took.
#include "tests/bench/chat_peer.hpp"
#include "tests/bench/fake_homeserver.hpp"
#include "tests/bench/large_room.hpp"

#include "messages/chat/codec.hpp"
#include "messages/matrix/endpoints.hpp"

#include <sodium.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>

using namespace causeway;
using namespace causeway::bench;
namespace json = matrix::json;

namespace {

constexpr double first_s = 8;

/// When each numbered message was sent, and how long it took to the healthy server.
class arrivals {
public:
  std::size_t sent() {
    const std::lock_guard guard{mutex_};
    sent_.push_back(now_s());
    took_.push_back(0);
    return sent_.size() - 1;
  }
  void take(std::string_view transaction) {
    const auto now = now_s();
    const std::lock_guard guard{mutex_};
    static constexpr std::string_view marker = "wave n=";
    for (auto at = transaction.find(marker); at != std::string_view::npos; at = transaction.find(marker, at + 1)) {
      const auto number =
        static_cast<std::size_t>(std::atoll(std::string{transaction.substr(at + marker.size(), 12)}.c_str()));
      if (number < took_.size() && took_[number] == 0) took_[number] = now - sent_[number];
    }
  }
  bool all_of(const std::vector<std::size_t>& numbers) const {
    const std::lock_guard guard{mutex_};
    for (const auto n : numbers)
      if (took_[n] == 0) return false;
    return true;
  }
  std::vector<double> of(const std::vector<std::size_t>& numbers) const {
    const std::lock_guard guard{mutex_};
    std::vector<double> out;
    for (const auto n : numbers) out.push_back(took_[n]);
    return out;
  }

  void write(std::FILE* to, const char* measure, const std::vector<std::size_t>& numbers) const {
    const std::lock_guard guard{mutex_};
    for (const auto n : numbers)
      std::fprintf(to, "%s %.3f %.2f\n", measure, sent_[n] - sent_[numbers.front()], took_[n] * 1e3);
  }

  /// Of these the ones that took longest, the slowest first: seconds from `begin` to when it was sent, and what it
  /// took.
  std::vector<std::pair<double, double>> slowest(const std::vector<std::size_t>& numbers, std::size_t begin,
                                                 std::size_t count) const {
    const std::lock_guard guard{mutex_};
    std::vector<std::pair<double, double>> out;
    for (const auto n : numbers) out.emplace_back(sent_[n] - sent_[begin], took_[n]);
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    out.resize(std::min(out.size(), count));
    return out;
  }

private:
  mutable std::mutex mutex_;
  std::vector<double> sent_, took_;
};

void raise_descriptor_limit() {
  rlimit limit{};
  require(getrlimit(RLIMIT_NOFILE, &limit) == 0, "the limit of descriptors cannot be read");
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

struct measured {
  std::vector<std::size_t> small, crowd; ///< numbers of messages
};

} // namespace

int main(int argc, char** argv) {
  require(sodium_init() >= 0, "libsodium does not start");
  raise_descriptor_limit();
  const auto number = [&](std::string_view name, std::string_view otherwise) {
    return std::atof(argument(argc, argv, name, otherwise).c_str());
  };
  const auto port = static_cast<std::uint16_t>(number("port", "0"));
  const auto broker = argument(argc, argv, "server-name"), user = argument(argc, argv, "user");
  const auto pid = static_cast<int>(number("pid", "0"));
  const tls_files files{argument(argc, argv, "certificate"), argument(argc, argv, "private-key"),
                        argument(argc, argv, "ca")};
  const auto dead = static_cast<std::size_t>(number("dead", "2000"));
  const auto seconds = number("seconds", "20"), rate = number("rate", "100"), crowd_rate = number("crowd-rate", "1");
  require(port && pid && !broker.empty() && !user.empty() && dead && seconds > 0 && rate > 0,
          "usage: see the head of wave.cpp");

  arrivals arrived;
  constexpr std::size_t healthy = 0; // among the servers
  // A thread of its own: what the crowd costs this program must not be taken for what it costs the broker.
  https_listeners healthy_listener{files, 1, [&](std::size_t, std::string_view body) { arrived.take(body); }};
  https_listeners listeners{files, dead, [](std::size_t, std::string_view) {}};
  std::vector<fake_homeserver> servers;
  for (std::size_t i = 0; i <= dead; ++i) {
    auto& its = i == healthy ? healthy_listener : listeners;
    const auto at = i == healthy ? 0 : i - 1;
    servers.emplace_back("localhost:" + std::to_string(its.ports()[at]), broker);
    its.set_key_document(at, servers.back().key_document());
  }
  large_room room{servers, 2 * (dead + 1)};
  const auto invite = room.invite(user);
  const auto joining = room.join_template(user, *invite),
             joined = room.join_answer(large_room::members::whole, *invite, servers);
  const auto about_the_room = [&](std::size_t, std::string_view, std::string_view target) -> std::optional<http_reply> {
    const auto is = [&](std::string_view path) { return target.find(path) != std::string_view::npos; };
    if (is("/make_join/")) return http_reply{200, joining};
    if (is("/send_join/")) return http_reply{200, joined};
    if (is("/backfill/")) return http_reply{200, R"({"pdus":[]})"};
    return std::nullopt;
  };
  healthy_listener.set_handler(about_the_room);
  listeners.set_handler(about_the_room);

  chat_peer chat{argument(argc, argv, "chat"), "load", events_to_ask::yes};
  std::size_t notifications = 0;
  std::set<std::string> told;
  std::size_t told_again = 0;
  chat.on_event = [&](const std::string& name, const std::string& body) {
    if (name != chat::delivery_changed::name) return;
    const auto decoded = chat::decode_notification(name, body);
    require(static_cast<bool>(decoded), "a delivery.changed cannot be decoded");
    const auto& x = std::get<chat::delivery_changed>(*decoded);
    if (x.state != "delayed") return;
    ++notifications;
    const auto note = [&](const std::string& server) { told_again += told.insert(server).second ? 0 : 1; };
    note(x.server);
    if (!x.more_servers) return;
    for (const auto& each : *x.more_servers) note(each.server);
  };
  chat::user_profile profile;
  profile.user = user;
  profile.display_name = "Load";
  chat.call(profile);
  chat::room_create creation;
  creation.room = "small-" + std::to_string(now_ms());
  creation.type = chat::room_type::channel;
  creation.access = chat::visibility::public_;
  creation.room_name = "small";
  creation.creator = user;
  const auto small = text_of(chat.call(creation), "matrix_room_id");
  https_connection connection{files, port};
  servers[healthy].join(connection, small, "friend");
  const json::value offered{
    json::object{{"event", invite->source}, {"invite_room_state", json::array{}}, {"room_version", "11"}}};
  const auto reply = servers[healthy].put(
    connection, matrix::endpoint_path(matrix::endpoint::invite_v2, {room.id(), invite->event_id}), offered);
  require(reply.status == 200, "the invitation was answered with " + std::to_string(reply.status) + ' ' + reply.body);
  chat::invite_answer accepted;
  accepted.room = room.id();
  accepted.user = user;
  accepted.accept = true;
  chat.call(accepted);

  const auto say = [&](const std::string& where) {
    const auto n = arrived.sent();
    chat::message_send out;
    out.room = where;
    out.sender = user;
    out.message = "wave " + std::to_string(n);
    out.text = "wave n=" + std::to_string(n) + ' ';
    out.text.resize(330, 'x');
    chat.send(out, [](const std::string&) {});
    return n;
  };
  const auto wait_for = [&](const std::vector<std::size_t>& numbers) {
    for (const auto deadline = now_s() + 120; !arrived.all_of(numbers);) {
      require(now_s() < deadline, "a message did not arrive in two minutes");
      chat.poll(5);
    }
  };
  const auto measure = [&](double for_s, double crowd_per_s) {
    measured out;
    const auto begun = now_s();
    for (double next = begun, next_crowd = begun + 0.5 / rate; now_s() - begun < for_s;) {
      const auto now = now_s();
      if (now >= next) {
        out.small.push_back(say(small));
        next += 1 / rate;
      } else if (crowd_per_s > 0 && now >= next_crowd) {
        out.crowd.push_back(say(room.id()));
        next_crowd += 1 / crowd_per_s;
      }
      const auto due = crowd_per_s > 0 ? std::min(next, next_crowd) : next;
      chat.poll(std::max(0, static_cast<int>((due - now_s()) * 1e3)));
    }
    wait_for(out.small);
    wait_for(out.crowd);
    return out;
  };

  wait_for({say(small)});
  measure(2, 0); // opens connections, fills caches
  const auto without = measure(seconds, 0);
  for (std::size_t i = 0; i < dead; ++i)
    listeners.die(i, i % 2 == 1 ? https_listeners::dead::hangs : https_listeners::dead::refuses);
  const auto before = usage_of(pid);
  const auto beginning = say(room.id());
  const auto first = measure(first_s, crowd_rate);
  const auto later = measure(seconds, crowd_rate);
  const auto after = usage_of(pid);
  const auto alone = measure(seconds, 0);
  for (const auto deadline = now_s() + 120; told.size() < dead && now_s() < deadline;) chat.poll(100);

  const auto ms = [&](const std::vector<std::size_t>& numbers, double fraction) {
    return percentile(arrived.of(numbers), fraction) * 1e3;
  };
  if (const auto path = argument(argc, argv, "each", ""); !path.empty()) {
    auto* const file = std::fopen(path.c_str(), "we");
    require(file != nullptr, path + " cannot be written");
    arrived.write(file, "without", without.small);
    arrived.write(file, "first", first.small);
    arrived.write(file, "first_crowd", first.crowd);
    arrived.write(file, "later", later.small);
    arrived.write(file, "later_crowd", later.crowd);
    arrived.write(file, "crowd_silent", alone.small);
    std::fclose(file);
  }
  std::string slowest;
  for (const auto& [at, took] : arrived.slowest(first.small, beginning, 5)) {
    char each[40];
    std::snprintf(each, sizeof each, "%s[%.2f,%.1f]", slowest.empty() ? "" : ",", at, took * 1e3);
    slowest += each;
  }
  const auto p50 = ms(without.small, 0.5), p99 = ms(without.small, 0.99);
  std::printf(
    "{\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"dead\":%zu,\"first_message_ms\":%.1f,"
    "\"first_8s_p50_ms\":%.2f,\"first_8s_p99_ms\":%.2f,\"first_8s_ratio_p50\":%.2f,\"first_8s_ratio_p99\":%.2f,"
    "\"later_p50_ms\":%.2f,\"later_p99_ms\":%.2f,\"later_ratio_p50\":%.2f,\"later_ratio_p99\":%.2f,"
    "\"crowd_silent_p50_ms\":%.2f,\"crowd_silent_p99_ms\":%.2f,\"crowd_silent_ratio_p99\":%.2f,"
    "\"crowd_room_first_8s_p50_ms\":%.1f,\"crowd_room_first_8s_p99_ms\":%.1f,\"crowd_room_later_p50_ms\":%.1f,"
    "\"crowd_room_later_p99_ms\":%.1f,"
    "\"first_8s_slowest_s_ms\":[%s],\"cpu_cores\":%.2f,\"rss_mib\":%.1f,\"told\":%zu,\"told_again\":%zu,"
    "\"notifications\":%zu}\n",
    p50, p99, dead, ms({beginning}, 0.5), ms(first.small, 0.5), ms(first.small, 0.99), ms(first.small, 0.5) / p50,
    ms(first.small, 0.99) / p99, ms(later.small, 0.5), ms(later.small, 0.99), ms(later.small, 0.5) / p50,
    ms(later.small, 0.99) / p99, ms(alone.small, 0.5), ms(alone.small, 0.99), ms(alone.small, 0.99) / p99,
    ms(first.crowd, 0.5), ms(first.crowd, 0.99), ms(later.crowd, 0.5), ms(later.crowd, 0.99), slowest.c_str(),
    (after.cpu_seconds - before.cpu_seconds) / (first_s + seconds), after.rss_mib, told.size(), told_again,
    notifications);
}
