#include "plugin/gateway/gateway.hpp"

#include "plugin/descriptors.hpp"
#include "plugin/gateway/file_watch.hpp"
#include "plugin/gateway/http_server.hpp"
#include "plugin/gateway/http_text.hpp"
#include "plugin/gateway/node_link.hpp"
#include "plugin/gateway/peer_requests.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <random>
#include <thread>

namespace causeway::gateway {
namespace {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

/// Late inbound requests are looked for this often; a 504 may come this much late.
constexpr std::chrono::milliseconds late_check_max{250};

/// `encode` copies the body into the frame; large ones are moved round it.
template <class Message>
edge::frame encode_moving(Message message) {
  std::string body;
  body.swap(message.body);
  if (!body.empty()) message.body.assign(1, ' '); // the header says whether there is a body
  auto out = encode(message);
  out.body = std::move(body);
  return out;
}

template <class Decode>
auto decode_moving(edge::frame frame, Decode decode) {
  std::string body;
  body.swap(frame.body);
  auto out = decode(frame);
  if (out) out->body = std::move(body);
  return out;
}

federation_answer node_gone() { return error_answer({fault_code::stopping, "the node is not there"}); }

/// Servers that do not answer never take more than half of the outbound connections: there are three kinds of them.
attempt_gate::bounds attempt_bounds(attempt_gate::bounds wanted, std::size_t outbound_connections) {
  wanted.parallel_max = std::clamp<std::size_t>(outbound_connections / 6, 1, wanted.parallel_max);
  return wanted;
}

std::uint64_t random_seed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

} // namespace

gateway_tuning tuning_for_successors() {
  using namespace std::chrono_literals;
  gateway_tuning tuning;
  tuning.link = {250ms, 500ms, 2'000ms}; // ZeroMQ connects anew by itself: only silence tells that a node is gone
  tuning.held = {500, 4'000ms};          // a node that was killed is followed within two seconds
  return tuning;
}

struct gateway::parts final : request_sink, link_sink {
  parts(config::gateway_options o, zmq::context_t& c, std::string endpoint, std::optional<curve_keys> k,
        gateway_tuning t)
      : options(std::move(o)), context(c), node_endpoint(std::move(endpoint)), keys(std::move(k)), tuning(std::move(t)),
        pending(options.pending_requests_max, std::chrono::seconds{options.answer_timeout_s}), held(tuning.held) {}

  status assemble();
  void run_threads();
  void stop();
  void end_threads();

  void on_request(federation_request request, std::shared_ptr<answer_waiter> who) override;
  void on_body_request(body_request part, std::shared_ptr<answer_waiter> who) override;
  template <class Question>
  void ask_node(Question question, const std::shared_ptr<answer_waiter>& who);
  void ask_held();
  void on_frame(edge::frame x) override;
  void on_lost() override;
  void on_up() override { ask_held(); }
  void check_late();
  void watch_certificate();

  config::gateway_options options;
  zmq::context_t& context;
  std::string node_endpoint;
  std::optional<curve_keys> keys;
  gateway_tuning tuning;
  pending_requests pending;
  held_requests held;

  // Order matters: what a context's handlers refer to is destroyed before it.
  std::vector<std::unique_ptr<asio::io_context>> contexts;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::unique_ptr<node_link> link;
  std::unique_ptr<resolver> names;
  std::unique_ptr<http_pool> client;
  std::unique_ptr<peer_directory> directory;
  std::unique_ptr<peer_requests> outgoing;
  std::unique_ptr<http_server> server;
  std::unique_ptr<asio::steady_timer> late_timer, certificate_timer;
  std::unique_ptr<file_watch> certificate_files;
  std::vector<std::thread> threads;

  std::mutex stop_mutex;
  std::condition_variable outgoing_done;
  std::atomic<bool> stopping{false};
  bool stopped = false;
};

status gateway::parts::assemble() {
  auto policy = address_policy::make(options.allowed_networks);
  if (!policy) return policy.error();
  auto trust = load_trust(options.ca_file);
  if (!trust) return trust.error();
  const auto descriptors = share_descriptors(raise_descriptor_limit(), options.connections_max);
  if (!descriptors) return descriptors.error();
  if (descriptors->inbound < options.connections_max) {
    spdlog::warn(
      "G601 gateway: connections_max is {}, but the process may open too few descriptors: {} connections are taken",
      options.connections_max, descriptors->inbound);
    options.connections_max = static_cast<std::uint32_t>(descriptors->inbound);
  }
  const std::size_t context_count = options.threads <= 1 ? 1 : options.threads + 1;
  for (std::size_t i = 0; i < context_count; ++i) {
    contexts.push_back(std::make_unique<asio::io_context>(1));
    work.push_back(asio::make_work_guard(*contexts.back()));
  }
  auto& first = *contexts.front();
  std::vector<asio::io_context*> server_contexts;
  for (std::size_t i = context_count == 1 ? 0 : 1; i < context_count; ++i) server_contexts.push_back(contexts[i].get());
  // Before the files are read: what changes from here on is seen.
  certificate_files = std::make_unique<file_watch>(std::vector{options.certificate_file, options.private_key_file});
  server = std::make_unique<http_server>(options, std::move(server_contexts), *this, tuning.write_window);
  if (auto opened = server->open(); !opened) return opened;

  auto made = resolver::make(first, options.dns_server);
  if (!made) return made.error();
  names = *std::move(made);
  const http_client_options client_options{std::chrono::milliseconds{options.connect_timeout_ms},
                                           static_cast<long>(options.connections_per_destination_max),
                                           static_cast<long>(descriptors->outbound)};
  client = std::make_unique<http_pool>(first, client_options, *policy, *trust, random_seed());
  directory =
    std::make_unique<peer_directory>(*names, *client, peer_directory::options{tuning.well_known_port, random_seed()});
  outgoing = std::make_unique<peer_requests>(
    first, *directory, *client,
    [this](http_answer answer) {
      link->send(encode_moving(std::move(answer)));
      if (stopping && outgoing->open() == 0) {
        const std::lock_guard lock{stop_mutex};
        outgoing_done.notify_all();
      }
    },
    [this](http_piece piece) { link->send(encode_moving(std::move(piece))); },
    attempt_bounds(tuning.attempts, descriptors->outbound));
  link = std::make_unique<node_link>(first, context, tuning.link, *this, tuning.bounds);
  link->expect(tuning.server_name);
  if (auto opened = link->open(node_endpoint, tuning.name, keys, tuning.outbound); !opened) return opened;
  late_timer = std::make_unique<asio::steady_timer>(first);
  check_late();
  if (!options.plain_http) {
    certificate_timer = std::make_unique<asio::steady_timer>(first);
    watch_certificate();
  }
  return ok();
}

void gateway::parts::run_threads() {
  for (auto& one : contexts)
    threads.emplace_back([io = one.get()] {
      sigset_t all; // signals are for the program's own threads; SIGPIPE for nobody
      sigfillset(&all);
      pthread_sigmask(SIG_BLOCK, &all, nullptr);
      io->run();
    });
}

void gateway::parts::on_request(federation_request request, std::shared_ptr<answer_waiter> who) {
  if (stopping || link->up() || !held.hold(request, who, clock::now())) return ask_node(std::move(request), who);
  // Came up, or was stopped, in between: then either that one has found this request, or it is found here.
  if (link->up() || stopping) ask_held();
}

void gateway::parts::ask_held() {
  for (auto& x : held.take_all()) ask_node(std::move(x.request), x.who);
}

void gateway::parts::on_body_request(body_request part, std::shared_ptr<answer_waiter> who) {
  ask_node(std::move(part), who);
}

template <class Question>
void gateway::parts::ask_node(Question question, const std::shared_ptr<answer_waiter>& who) {
  if (!link->up()) return who->on_answer(node_gone());
  const auto id = pending.add(who, clock::now());
  if (!id) return who->on_answer(error_answer({fault_code::overloaded, "too many requests are waiting"}));
  // Lost in between: then either `on_lost` has found this one, or it is found here.
  if (!link->up()) {
    if (pending.take(*id)) who->on_answer(node_gone());
    return;
  }
  question.id = *id;
  if constexpr (std::is_same_v<Question, federation_request>) link->send(encode_moving(std::move(question)));
  else link->send(encode(question));
}

void gateway::parts::on_frame(edge::frame x) {
  if (x.what == edge::verb::result) {
    auto answer = decode_moving(std::move(x), decode_federation_answer);
    if (!answer) return spdlog::warn("G602 gateway: from the node: {}", to_string(answer.error()));
    if (const auto who = pending.take(answer->id)) who->on_answer(*std::move(answer));
    return;
  }
  if (x.what == edge::verb::credit) {
    const auto credit = decode_stream_credit(x);
    if (!credit) return spdlog::warn("G602 gateway: from the node: {}", to_string(credit.error()));
    return outgoing->go_on(*credit);
  }
  auto request = decode_moving(std::move(x), decode_http_request);
  if (!request) return spdlog::warn("G602 gateway: from the node: {}", to_string(request.error()));
  if (!stopping) return outgoing->start(*std::move(request));
  http_answer refusal;
  refusal.id = request->id;
  refusal.why = {fault_code::stopping, "the gateway is stopping"};
  link->send(encode(refusal));
}

void gateway::parts::on_lost() {
  for (const auto& who : pending.take_all()) who->on_answer(error_answer({fault_code::stopping, "the node went away"}));
  outgoing->end_all({}); // a new node numbers its requests anew: late answers would meet the wrong ones
}

void gateway::parts::check_late() {
  for (const auto& who : pending.take_late(clock::now()))
    who->on_answer(error_answer({fault_code::timed_out, "the node did not answer in time"}));
  for (const auto& x : held.take_late(clock::now())) x.who->on_answer(node_gone());
  late_timer->expires_after(late_check_max);
  late_timer->async_wait([this](const boost::system::error_code& error) {
    if (!error) check_late();
  });
}

void gateway::parts::watch_certificate() {
  if (certificate_files->has_changed()) {
    if (const auto loaded = server->reload_certificate(); loaded)
      spdlog::info("G603 certificate reloaded (files changed)");
    else
      spdlog::error("G604 gateway: the certificate has changed, and the old one stays: {}", to_string(loaded.error()));
  }
  certificate_timer->expires_after(tuning.certificate_check);
  certificate_timer->async_wait([this](const boost::system::error_code& error) {
    if (!error) watch_certificate();
  });
}

void gateway::parts::stop() {
  if (threads.empty() || stopped) return;
  stopped = true;
  const auto deadline = clock::now() + tuning.stop_timeout;
  stopping = true;
  ask_held(); // which is a refusal where no node is there: nobody waits for the next one here
  server->drain();
  const bool answered = server->wait_until_empty(deadline);
  bool sent = false;
  {
    std::unique_lock lock{stop_mutex};
    sent = outgoing_done.wait_until(lock, deadline, [this] { return outgoing->open() == 0; });
  }
  if (!answered || !sent)
    spdlog::warn("G605 gateway: stopped with {} connections and {} requests to servers open", server->connections(),
                 outgoing->open());
  asio::post(*contexts.front(), [this] {
    outgoing->end_all({fault_code::stopping, "the gateway is stopping"});
    link->say_bye(); // not before: the node forgets a gateway that says it, and with it whom its answers are for
  });
  end_threads();
}

void gateway::parts::end_threads() {
  // The first context once more round, so that the last answers reach the socket before it closes.
  asio::post(*contexts.front(), [this] {
    for (auto& one : contexts) one->stop();
  });
  for (auto& one : threads) one.join();
  threads.clear();
  static_cast<void>(held.take_all());
  static_cast<void>(pending.take_all()); // they hold connections, which belong to the contexts
}

gateway::gateway(config::gateway_options options, zmq::context_t& context, std::string node_endpoint,
                 std::optional<curve_keys> keys, gateway_tuning tuning)
    : parts_(std::make_unique<parts>(std::move(options), context, std::move(node_endpoint), std::move(keys),
                                     std::move(tuning))) {}

gateway::~gateway() { parts_->stop(); }

status gateway::start() {
  try {
    if (auto assembled = parts_->assemble(); !assembled) return assembled;
  } catch (const std::exception& error) { // Asio, libcurl and the kernel refuse resources this way
    return {fault_code::internal, error.what()};
  }
  parts_->run_threads();
  return ok();
}

void gateway::stop() { parts_->stop(); }

void gateway::retarget(std::string node_endpoint, std::optional<curve_keys> keys) {
  parts_->link->retarget(std::move(node_endpoint), std::move(keys));
}

std::vector<std::uint16_t> gateway::ports() const { return parts_->server->ports(); }

bool gateway::connected() const { return parts_->link && parts_->link->up(); }

status gateway::reload_certificate() { return parts_->server->reload_certificate(); }

gateway::counts gateway::count() const {
  return {parts_->server->connections(),     parts_->pending.size(),
          parts_->outgoing->open(),          parts_->outgoing->waiting(),
          parts_->server->crowded_out(),     parts_->server->slow_readers(),
          parts_->server->answers_refused(), parts_->link->unsent(),
          parts_->link->overflows(),         parts_->held.size()};
}

} // namespace causeway::gateway
