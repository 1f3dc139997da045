resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.network.cluster_name}/${aws_ecs_service.this.name}"
  min_capacity       = var.scaling.min
  max_capacity       = var.scaling.max
}

# Tasks come where one signal asks for them, and go where none does.
resource "aws_appautoscaling_policy" "this" {
  for_each = var.scaling.signals

  name               = "${local.full_name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value = each.value.target

    # Out at once; in rarely, since each task that goes moves its talks or sockets to another.
    scale_out_cooldown = 60
    scale_in_cooldown  = 1800

    customized_metric_specification {
      namespace   = each.value.namespace
      metric_name = each.value.name
      statistic   = each.value.statistic

      dynamic "dimensions" {
        for_each = each.value.dimensions

        content {
          name  = dimensions.key
          value = dimensions.value
        }
      }
    }
  }
}
