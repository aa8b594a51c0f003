import django.core.validators
import django.db.models.deletion
import uuid
from cpo_portal.database import operations
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('database', '0001_functions'),
        ('accounts', '0001_initial'),
        ('network', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('transaction_id', models.CharField(max_length=255)),
                ('bap_id', models.CharField(max_length=255, verbose_name='buyer app')),
                ('sandbox', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('INITIALISED', 'Initialised'), ('ACTIVE', 'Active'), ('COMPLETE', 'Complete'), ('CANCELLED', 'Cancelled')], default='INITIALISED', max_length=12)),
                ('fulfillment_state', models.CharField(choices=[('PENDING', 'Pending'), ('ACTIVE', 'Charging'), ('CONNECTION-INTERRUPTED', 'Interrupted'), ('COMPLETED', 'Completed')], default='PENDING', max_length=24, verbose_name='fulfillment')),
                ('planned_start', models.DateTimeField()),
                ('planned_end', models.DateTimeField(null=True)),
                ('quote_ref', models.UUIDField()),
                ('quoted_amount', models.DecimalField(decimal_places=4, max_digits=14)),
                ('billed_amount', models.DecimalField(decimal_places=4, max_digits=14, null=True)),
                ('currency', models.CharField(max_length=3)),
                ('payment_until', models.DateTimeField()),
                ('vehicle_make', models.CharField(blank=True, max_length=200)),
                ('vehicle_model', models.CharField(blank=True, max_length=200)),
                ('buyer_finder_fee_type', models.CharField(blank=True, max_length=20)),
                ('buyer_finder_fee_value', models.DecimalField(decimal_places=4, max_digits=12, null=True)),
                ('otp_digest', models.BinaryField(null=True)),
                ('otp_failures', models.PositiveSmallIntegerField(default=0)),
                ('start_authorized_at', models.DateTimeField(null=True)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('cancelled_by', models.CharField(blank=True, max_length=20)),
                ('cancellation_reason', models.CharField(blank=True, max_length=300)),
                ('settled_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('connector', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='network.connector')),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
                ('customer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='charging.customer')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='ChargingSession',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('session_id', models.CharField(help_text="The charging system's own id.", max_length=100)),
                ('state', models.CharField(choices=[('ACTIVE', 'Charging'), ('INTERRUPTED', 'Interrupted'), ('STOPPED', 'Stopped')], default='ACTIVE', max_length=12)),
                ('started_at', models.DateTimeField()),
                ('stopped_at', models.DateTimeField(null=True)),
                ('stop_requested_at', models.DateTimeField(null=True)),
                ('stop_reason', models.CharField(blank=True, max_length=60)),
                ('start_register_wh', models.PositiveBigIntegerField()),
                ('last_register_wh', models.PositiveBigIntegerField()),
                ('last_reading_at', models.DateTimeField()),
                ('connector', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='network.connector')),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
                ('system', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='network.chargingsystem')),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='session', to='charging.order')),
            ],
            options={
                'ordering': ['-started_at'],
            },
        ),
        migrations.CreateModel(
            name='CustomerContact',
            fields=[
                ('customer', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='contact', serialize=False, to='charging.customer')),
                ('name', models.CharField(blank=True, max_length=200)),
                ('phone', models.CharField(blank=True, max_length=40)),
                ('email', models.CharField(blank=True, max_length=254)),
                ('organization', models.CharField(blank=True, max_length=200)),
                ('tax_id', models.CharField(blank=True, max_length=40)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='OrderContact',
            fields=[
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='contact', serialize=False, to='charging.order')),
                ('billing', models.JSONField(default=dict)),
                ('customer', models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name='OrderEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('PLACED', 'Placed'), ('PAYMENT_REPORTED', 'Payment reported'), ('CONFIRMED', 'Confirmed'), ('CHARGING_STARTED', 'Charging started'), ('INTERRUPTED', 'Connection interrupted'), ('RESUMED', 'Resumed'), ('CHARGING_STOPPED', 'Charging stopped'), ('SETTLED', 'Settled'), ('CANCELLED', 'Cancelled'), ('REFUNDED', 'Refunded'), ('REVERSED', 'Offer reversed'), ('HELD', 'Held for review')], max_length=20)),
                ('occurred_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(auto_now_add=True)),
                ('detail', models.JSONField(default=dict)),
                ('settled_at', models.DateTimeField(null=True)),
                ('announced_at', models.DateTimeField(null=True)),
                ('counted_at', models.DateTimeField(null=True)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='charging.order')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='OrderLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stage', models.CharField(choices=[('QUOTED', 'Quoted'), ('BILLED', 'Billed')], max_length=6)),
                ('position', models.PositiveSmallIntegerField()),
                ('line_id', models.CharField(max_length=40)),
                ('kind', models.CharField(choices=[('ENERGY', 'Energy'), ('TIME', 'Time'), ('FLAT', 'Flat'), ('PRODUCT', 'Product'), ('IDLE', 'Idle'), ('FEE', 'Fee'), ('SURGE', 'Surge'), ('DISCOUNT', 'Discount'), ('WHEELING', 'Wheeling'), ('TAX', 'Tax'), ('ROUND_OFF', 'Round-off')], max_length=10)),
                ('title', models.CharField(max_length=300)),
                ('amount', models.DecimalField(decimal_places=4, max_digits=14)),
                ('currency', models.CharField(max_length=3)),
                ('quantity', models.DecimalField(decimal_places=4, max_digits=14, null=True)),
                ('unit', models.CharField(blank=True, max_length=12)),
                ('rate', models.DecimalField(decimal_places=6, max_digits=14, null=True)),
                ('item_id', models.CharField(blank=True, max_length=100)),
                ('code', models.CharField(blank=True, max_length=100)),
                ('shares', models.JSONField(default=list)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='charging.order')),
            ],
            options={
                'ordering': ['order', 'stage', 'position'],
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('type', models.CharField(choices=[('PRE-FULFILLMENT', 'Before charging'), ('POST-FULFILLMENT', 'After charging')], default='PRE-FULFILLMENT', max_length=20)),
                ('amount', models.DecimalField(decimal_places=4, max_digits=14, validators=[django.core.validators.MinValueValidator(0)])),
                ('currency', models.CharField(max_length=3)),
                ('status', models.CharField(choices=[('NOT-PAID', 'Not paid'), ('PAID', 'Paid')], default='NOT-PAID', max_length=10)),
                ('paid_amount', models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ('paid_at', models.DateTimeField(null=True)),
                ('gateway_reference', models.CharField(blank=True, max_length=100)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='charging.order')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='GatewayNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.CharField(max_length=100)),
                ('body_hash', models.BinaryField(max_length=32)),
                ('outcome', models.CharField(max_length=40)),
                ('received_amount', models.DecimalField(decimal_places=4, max_digits=14)),
                ('received_currency', models.CharField(max_length=100)),
                ('reference', models.CharField(blank=True, max_length=100)),
                ('received_at', models.DateTimeField(auto_now_add=True)),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='charging.payment')),
            ],
        ),
        migrations.CreateModel(
            name='PaymentGateway',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('pay_url', models.CharField(help_text='With $transaction_id and $amount, for example https://pay.example/?t=$transaction_id&a=$amount.', max_length=300, verbose_name='payment link')),
                ('bank_code', models.CharField(blank=True, max_length=40)),
                ('bank_account_number', models.CharField(blank=True, max_length=40)),
                ('sealed_secret', models.BinaryField()),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
            ],
        ),
        migrations.CreateModel(
            name='PricedSlice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('energy_wh', models.PositiveBigIntegerField()),
                ('rate', models.DecimalField(decimal_places=6, max_digits=14)),
                ('currency', models.CharField(max_length=3)),
                ('quality', models.CharField(max_length=12)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='slices', to='charging.order')),
            ],
            options={
                'ordering': ['order', 'position'],
            },
        ),
        migrations.CreateModel(
            name='Rating',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('category', models.CharField(max_length=40)),
                ('value', models.DecimalField(decimal_places=1, max_digits=3)),
                ('comment', models.CharField(blank=True, max_length=1000)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='ratings', to='charging.order')),
            ],
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=40)),
                ('amount', models.DecimalField(decimal_places=4, max_digits=14, validators=[django.core.validators.MinValueValidator(0)])),
                ('currency', models.CharField(max_length=3)),
                ('status', models.CharField(choices=[('DUE', 'Due'), ('PAID', 'Paid back')], default='DUE', max_length=6)),
                ('description', models.CharField(blank=True, max_length=300)),
                ('due_by', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='charging.order')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='RefundTerm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fulfillment_state', models.CharField(choices=[('PENDING', 'Pending'), ('ACTIVE', 'Charging'), ('CONNECTION-INTERRUPTED', 'Interrupted'), ('COMPLETED', 'Completed')], help_text='The state of the session when it is cancelled.', max_length=24)),
                ('notice_minutes', models.PositiveIntegerField(default=0, help_text='Applies when cancelled at least this long before the planned start.', verbose_name='notice (minutes)')),
                ('refund_eligible', models.BooleanField(default=True)),
                ('percent', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True, verbose_name='percent of what was paid')),
                ('amount', models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True)),
                ('within_minutes', models.PositiveIntegerField(default=120, verbose_name='paid back within (minutes)')),
                ('description', models.CharField(blank=True, max_length=300)),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
            ],
            options={
                'ordering': ['fulfillment_state', '-notice_minutes'],
            },
        ),
        migrations.CreateModel(
            name='CustomerKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hmac_key_id', models.CharField(max_length=20)),
                ('hmac', models.BinaryField(max_length=32)),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='keys', to='charging.customer')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('cpo', 'hmac_key_id', 'hmac'), name='customer_key_once')],
            },
        ),
        operations.CreatePartitionedModel(
            partition_by='measured_at',
            name='MeterReading',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('measured_at', models.DateTimeField()),
                ('register_wh', models.PositiveBigIntegerField()),
                ('power_w', models.PositiveIntegerField(null=True)),
                ('soc_percent', models.PositiveSmallIntegerField(null=True)),
                ('received_at', models.DateTimeField(auto_now_add=True)),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='charging.chargingsession')),
            ],
            options={
                'ordering': ['measured_at', 'received_at'],
                'indexes': [models.Index(fields=['session', 'measured_at'], name='reading_session_time')],
            },
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['cpo', '-created_at'], name='order_cpo_created'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['state', 'payment_until'], name='order_state_due'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['bap_id', 'transaction_id'], name='order_transaction'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'CANCELLED'), _negated=True), fields=('bap_id', 'transaction_id'), name='one_open_order'),
        ),
        migrations.AddConstraint(
            model_name='chargingsession',
            constraint=models.UniqueConstraint(fields=('system', 'session_id'), name='session_id_per_system'),
        ),
        migrations.AddConstraint(
            model_name='chargingsession',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'STOPPED'), _negated=True), fields=('connector',), name='one_session_per_connector'),
        ),
        migrations.AddIndex(
            model_name='orderevent',
            index=models.Index(condition=models.Q(('kind__in', ['CHARGING_STOPPED', 'PAYMENT_REPORTED']), ('settled_at', None)), fields=['id'], name='event_to_settle'),
        ),
        migrations.AddIndex(
            model_name='orderevent',
            index=models.Index(condition=models.Q(('announced_at', None)), fields=['id'], name='event_to_announce'),
        ),
        migrations.AddIndex(
            model_name='orderevent',
            index=models.Index(condition=models.Q(('counted_at', None)), fields=['id'], name='event_to_count'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.UniqueConstraint(fields=('order', 'stage', 'position'), name='order_line_position'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(fields=('order', 'type'), name='one_payment_per_type'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(('gateway_reference', ''), _negated=True), fields=('cpo', 'gateway_reference'), name='gateway_reference_once'),
        ),
        migrations.AddConstraint(
            model_name='gatewaynotice',
            constraint=models.UniqueConstraint(fields=('cpo', 'event_id'), name='gateway_event_once'),
        ),
        migrations.AddConstraint(
            model_name='paymentgateway',
            constraint=models.UniqueConstraint(fields=('cpo',), name='one_gateway_per_cpo'),
        ),
        migrations.AddConstraint(
            model_name='pricedslice',
            constraint=models.UniqueConstraint(fields=('order', 'position'), name='priced_slice_position'),
        ),
        migrations.AddConstraint(
            model_name='rating',
            constraint=models.UniqueConstraint(fields=('order', 'category'), name='rating_once_per_category'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(fields=('order', 'reason'), name='one_refund_per_reason'),
        ),
        migrations.AddConstraint(
            model_name='refundterm',
            constraint=models.UniqueConstraint(fields=('cpo', 'fulfillment_state', 'notice_minutes'), name='refund_term_tier'),
        ),
        migrations.AddConstraint(
            model_name='refundterm',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount', None), ('percent', None), ('refund_eligible', False)), models.Q(('amount', None), ('percent__gte', 0), ('percent__isnull', False), ('percent__lte', 100), ('refund_eligible', True)), models.Q(('amount__gte', 0), ('amount__isnull', False), ('percent', None), ('refund_eligible', True)), _connector='OR'), name='refund_term_percent_or_amount', violation_error_message='Give a percentage (0–100) or an amount, and neither if nothing comes back.'),
        ),
        operations.append_only("charging_orderevent", mutable=("settled_at", "announced_at", "counted_at")),
        operations.append_only("charging_gatewaynotice"),
    ]
