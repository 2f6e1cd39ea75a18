// `tools/bench inspector`: what the web inspector costs while somebody looks, on against off in the same run. Many
// actors, of which some are spoken to; the real supervisor, store, edge, admin service and listener.
//
//   bench_inspector [--actors 100000] [--rate 1000] [--seconds 10] [--rounds 3]
//
// One line of JSON: processor time in percent of one core, without anybody; with a viewer of actors, servers, rooms,
// status and rates and one question of Prometheus; with what `causeway top` asks once a second; and the differences.
// The median of the rounds.
#include "actors/decision.hpp"
#include "actors/scheduling.hpp"
#include "actors/shell.hpp"
#include "plugin/admin/admin_service.hpp"
#include "plugin/edge/edge.hpp"
#include "plugin/node_actors.hpp"
#include "plugin/node_inspector.hpp"
#include "plugin/store/store_thread.hpp"

#include <caf/all.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <pthread.h>
#include <zmq.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <future>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace causeway;
using namespace std::chrono_literals;
namespace asio = boost::asio;

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
    .count();
}
double cpu_s(clockid_t which) {
  timespec t{};
  ::clock_gettime(which, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

class quiet_world : public world {
public:
  time_ms now() const override { return wall_ms(); }
  void commit(store::store_batch, trace_id, std::shared_ptr<std::atomic<bool>>,
              std::function<void(result<store::commit_outcome>)> done) override {
    done(store::commit_outcome{});
  }
  void ask(store::query, std::function<void(std::shared_ptr<const store::answer>)>) override {}
  void send(gateway::http_request, trace_id) override {}
  void send(federation_reply, trace_id) override {}
  void send(std::vector<send_frame>) override {}
  void inspect(message) override {}
  void media(message) override {}
  void switch_federation(federation_switches) override {}
  void log(const note&, const address&) override {}
};

struct idle_machine {
  effects on(const message&, time_ms) { return {}; }
  std::string describe(time_ms) const { return "{}"; }
};

class bench_system_config : public caf::actor_system_config {
public:
  bench_system_config() {
    add_message_types<caf::id_block::causeway>();
    load<few_wakes_scheduler>();
    set("scheduler.max-threads", std::size_t{2});
    set("scheduler.max-throughput", std::size_t{100});
  }
};

/// Reads events until it is told to stop; its own processor time is not the inspector's.
class viewer {
public:
  explicit viewer(const std::string& at) {
    const auto colon = at.rfind(':');
    socket_.connect(
      {asio::ip::make_address(at.substr(0, colon)), static_cast<std::uint16_t>(std::stoul(at.substr(colon + 1)))});
    const std::string request =
      "GET /events?topics=actors,servers,rooms,status,rates HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    asio::write(socket_, asio::buffer(request));
    thread_ = std::thread([this] {
      std::vector<char> buffer(64 * 1024);
      boost::system::error_code error;
      while (!error) bytes += socket_.read_some(asio::buffer(buffer), error);
    });
  }
  /// Processor time of its thread so far.
  double cpu() {
    clockid_t own{};
    ::pthread_getcpuclockid(thread_.native_handle(), &own);
    return cpu_s(own);
  }
  ~viewer() { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    boost::system::error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    thread_.join();
  }
  std::atomic<std::size_t> bytes = 0;

private:
  asio::io_context io_;
  asio::ip::tcp::socket socket_{io_};
  std::thread thread_;
};

std::size_t scraped(const std::string& at) {
  asio::io_context io;
  asio::ip::tcp::socket socket{io};
  const auto colon = at.rfind(':');
  socket.connect(
    {asio::ip::make_address(at.substr(0, colon)), static_cast<std::uint16_t>(std::stoul(at.substr(colon + 1)))});
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  asio::write(socket, asio::buffer(request));
  std::vector<char> buffer(64 * 1024);
  boost::system::error_code error;
  std::size_t bytes = 0;
  while (!error) bytes += socket.read_some(asio::buffer(buffer), error);
  return bytes;
}

/// Of the node there are its store and its actors.
struct half_a_node final : admin::few_services {
  half_a_node(const std::unique_ptr<store::store_thread>& from, const message_router& router)
      : from_(from), router_(router) {}
  void ask_store(store::query q, std::function<void(store::answer)> done) override {
    from_->ask(std::move(q), std::move(done));
  }
  void ask_status(address, std::function<void(std::string)> done) override { done({}); }
  void list_actors(std::function<void(std::vector<admin::actor_row>)> done) override {
    causeway::list_actors(router_, std::move(done));
  }
  void rank_actors(admin::actors_request wanted, std::function<void(result<admin::actors_ranked>)> done) override {
    causeway::rank_actors(router_, wanted, std::move(done));
  }
  void commit(store::store_batch, std::function<void(status)> done) override { done(ok()); }
  void tell(address, message) override {}
  void send(edge::connection, edge::frame) override {}
  std::int64_t now_ms() override { return wall_ms(); }
  const std::unique_ptr<store::store_thread>& from_;
  const message_router& router_;
};

class bench {
public:
  explicit bench(std::size_t actors) : actors_(actors) {
    options_.node.server_name = "bench.example";
    options_.store.path = ":memory:";
    options_.edge.chat_endpoints = {"inproc://bench.chat"};
    options_.edge.admin_endpoint.clear();
    options_.admin.web_listen = "127.0.0.1:0";
    auto engine = store::open_sqlite(options_.store, nullptr);
    check(bool{engine}, "the store");
    store_ = std::make_unique<store::store_thread>(std::move(*engine), options_.store);
    auto opened = edge::edge::open(zmq_, options_.edge, nobody_);
    check(bool{opened}, "the edge");
    edge_ = std::move(*opened);
    router_->outside = &outside_;
    router_->supervisors[static_cast<std::size_t>(actor_kind::remote_server)] = system_.spawn(
      supervisor, std::shared_ptr<const message_router>(router_),
      supervisor_settings{actor_kind::remote_server, {}, [](const std::string&) -> std::unique_ptr<any_machine> {
                            return std::make_unique<boxed_machine<idle_machine>>();
                          }});
    admin_ = std::make_unique<admin::admin_service>(admin::identity{}, asked_);
    for (std::size_t i = 0; i < actors_; ++i) speak(i);
    while (made() < actors_) std::this_thread::sleep_for(100ms); // the supervisor tells nobody of each
  }
  ~bench() {
    caf::anon_send(router_->supervisors[static_cast<std::size_t>(actor_kind::remote_server)], end_all{});
    router_->supervisors = {};
    system_.await_all_actors_done();
    store_->stop();
  }

  /// Percent of one core over so many seconds, `rate` messages a second.
  double load(
    double seconds, std::size_t rate, const std::function<double()>& not_counted = [] { return 0.0; },
    const std::function<void()>& every_second = [] {}) {
    const auto begin = std::chrono::steady_clock::now();
    const auto before = cpu_s(CLOCK_PROCESS_CPUTIME_ID);
    std::size_t sent = 0;
    double asked = 0;
    for (double elapsed = 0; elapsed < seconds;) {
      for (; asked <= elapsed; ++asked) every_second();
      for (; sent < static_cast<std::size_t>(elapsed * static_cast<double>(rate)); ++sent)
        speak(sent * 7'919 % actors_);
      std::this_thread::sleep_for(5ms); // a load keeps its rate by the clock
      elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    const auto used = cpu_s(CLOCK_PROCESS_CPUTIME_ID) - before - not_counted();
    return 100 * used / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  /// What `causeway top` asks in a second, of the service that answers it; the socket between them is not in it.
  void ask_as_top() {
    admin::arguments with;
    with.sort = "oldest_waiting_ts";
    with.limit = 100;
    const auto count = [this](bool succeeded, const std::string& body) {
      check(succeeded, "what top asks");
      top_bytes += body.size();
      ++top_answers;
    };
    admin_->ask(edge::role::inspector, "actors", admin::encode_arguments(with), count);
    admin_->ask(edge::role::inspector, "status", admin::encode_arguments({}), count);
  }
  std::atomic<std::size_t> top_bytes = 0, top_answers = 0;

  std::unique_ptr<node_inspector> open_inspector() {
    inspected_node shown;
    shown.server_name = options_.node.server_name;
    shown.version = "bench";
    shown.admin = admin_.get();
    shown.store = store_.get();
    shown.edge = edge_.get();
    shown.seen = &seen_;
    shown.router = router_;
    shown.ask_status = [](const address&, auto done) { done(std::string{}); };
    shown.alarms = [] { return std::vector<admin::alarm_row>{}; };
    shown.now_ms = [] { return wall_ms(); };
    auto opened = node_inspector::open(options_, std::move(shown));
    check(bool{opened}, "the inspector");
    return std::move(*opened);
  }

  static void check(bool fine, const char* what) {
    if (fine) return;
    std::fprintf(stderr, "bench_inspector: %s cannot be opened\n", what);
    std::exit(1);
  }

private:
  void speak(std::size_t n) {
    router_->deliver({actor_kind::remote_server, "server-" + std::to_string(n) + ".example"}, server_alive{"x"});
  }
  std::size_t made() {
    std::promise<std::size_t> told;
    auto done = std::make_shared<std::function<void(children_seen)>>(
      [&told](const children_seen& x) { told.set_value(x.children); });
    caf::anon_send(router_->supervisors[static_cast<std::size_t>(actor_kind::remote_server)],
                   look_at_children{0, done});
    return told.get_future().get();
  }

  const std::size_t actors_;
  config::options options_;
  quiet_world outside_;
  traffic seen_{"bench.example", {}};
  std::shared_ptr<message_router> router_ = std::make_shared<message_router>();
  zmq::context_t zmq_;
  std::unique_ptr<store::store_thread> store_;
  half_a_node asked_{store_, *router_};
  struct : edge::frame_sink {
    void on_frame(const edge::connection&, edge::frame&&) override {}
    void on_lost(const edge::connection&) override {}
  } nobody_;
  std::unique_ptr<edge::edge> edge_;
  std::unique_ptr<admin::admin_service> admin_;
  bench_system_config config_;
  caf::actor_system system_{config_};
};

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

} // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::size_t> options = {
    {"--actors", 100'000}, {"--rate", 1'000}, {"--seconds", 10}, {"--rounds", 3}};
  for (int i = 1; i + 1 < argc; i += 2)
    if (const auto at = options.find(argv[i]); at != options.end())
      at->second = std::strtoull(argv[i + 1], nullptr, 10);
  bench all(options["--actors"]);
  const auto seconds = static_cast<double>(options["--seconds"]);
  std::vector<double> off, on, cost, top, top_cost;
  std::size_t bytes = 0, metrics_bytes = 0;
  all.load(2, options["--rate"]); // the first seconds have what making the actors has left to do
  off.push_back(all.load(seconds, options["--rate"]));
  for (std::size_t round = 0; round < options["--rounds"]; ++round) {
    auto inspector = all.open_inspector();
    viewer eyes(inspector->address());
    all.load(2, options["--rate"]); // the first look is at all that has ever changed
    const auto before = eyes.bytes.load();
    std::thread prometheus([&] { metrics_bytes = scraped(inspector->address()); });
    const auto own = eyes.cpu();
    on.push_back(all.load(seconds, options["--rate"], [&] { return eyes.cpu() - own; }));
    bytes = eyes.bytes.load() - before;
    eyes.stop();
    prometheus.join();
    inspector->stop();
    all.ask_as_top(); // the first look is at all of them
    all.load(2, options["--rate"]);
    top.push_back(all.load(seconds, options["--rate"], [] { return 0.0; }, [&] { all.ask_as_top(); }));
    // A machine drifts by more than what is measured: the load alone is that before and after, in the middle.
    const auto before_it = off.back();
    off.push_back(all.load(seconds, options["--rate"]));
    const auto alone = (before_it + off.back()) / 2;
    cost.push_back(on.back() - alone);
    top_cost.push_back(top.back() - alone);
  }
  std::printf("{\"actors\":%zu,\"messages_per_s\":%zu,\"off_percent\":%.2f,\"on_percent\":%.2f,\"cost_percent\":%.2f,"
              "\"event_bytes_per_s\":%zu,\"metrics_bytes\":%zu,\"top_percent\":%.2f,\"top_cost_percent\":%.2f,"
              "\"top_bytes_per_s\":%zu}\n",
              options["--actors"], options["--rate"], median(off), median(on), median(cost),
              bytes / options["--seconds"], metrics_bytes, median(top), median(top_cost),
              2 * all.top_bytes / std::max<std::size_t>(all.top_answers, 1));
}
