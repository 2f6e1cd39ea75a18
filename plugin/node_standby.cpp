#include "plugin/node_standby.hpp"

#include "plugin/patient_threads.hpp"

#include <utility>

namespace causeway {

standby_desk::standby_desk(const config::options& options, node_log& log,
                           std::shared_ptr<std::atomic<store::drained>> is_drained, std::function<std::string()> about)
    : zmq_(patient_context()),
      answers_(options, log, std::move(is_drained), std::move(about),
               [this](const edge::connection& to, edge::frame x) { edge_->send(to, std::move(x)); }) {}

standby_desk::~standby_desk() {
  answers_.stop();          // it answers through the edge
  if (edge_) edge_->stop(); // and so does what is handled at this moment
  edge_.reset();
}

result<std::unique_ptr<standby_desk>> standby_desk::open(const config::options& options, node_log& log,
                                                         std::shared_ptr<std::atomic<store::drained>> is_drained,
                                                         std::function<std::string()> about) {
  std::unique_ptr<standby_desk> made{new standby_desk(options, log, std::move(is_drained), std::move(about))};
  auto only_admin = options.edge;
  only_admin.chat_endpoints.clear();
  only_admin.gateway_endpoints.clear();
  auto bound = edge::edge::open(made->zmq_, only_admin, *made);
  if (!bound) return bound.error();
  made->edge_ = std::move(*bound);
  made->is_open_ = true;
  made->is_open_.notify_all();
  return made;
}

void standby_desk::on_frame(const edge::connection& from, edge::frame&& x) {
  is_open_.wait(false); // it may come before `open` has the edge
  answers_.admin().on_frame(from, x);
}

} // namespace causeway
