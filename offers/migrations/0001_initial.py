import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import uuid
from django.conf import settings
from cpo_portal.database import operations
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('database', '0001_functions'),
        ('accounts', '0001_initial'),
        ('charging', '0001_initial'),
        ('pricing', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BookRevision',
            fields=[
                ('cpo', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='accounts.cpo')),
                ('revision', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Offer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('offer_id', models.CharField(max_length=80, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9._:-]*$', 'Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.')], verbose_name='offer id')),
                ('state', models.CharField(choices=[('DRAFT', 'Draft'), ('IN_REVIEW', 'In review'), ('APPROVED', 'Published'), ('PAUSED', 'Paused'), ('WITHDRAWN', 'Withdrawn'), ('ENDED', 'Ended'), ('ARCHIVED', 'Archived')], default='DRAFT', editable=False, max_length=10)),
                ('total_uses', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='uses in total')),
                ('uses_per_customer', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)])),
                ('budget', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(0.01)])),
                ('redemption_cap', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(0.01)], verbose_name='most per redemption')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='OfferVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=200)),
                ('short_desc', models.CharField(blank=True, max_length=300, verbose_name='short description')),
                ('long_desc', models.TextField(blank=True, verbose_name='long description')),
                ('image_url', models.URLField(blank=True, verbose_name='image address')),
                ('campaign_kind', models.CharField(choices=[('HAPPY_HOUR', 'Happy hour'), ('WEEKEND_SPECIAL', 'Weekend special'), ('HOLIDAY_PROMOTION', 'Holiday promotion'), ('EARLY_BIRD', 'Early bird'), ('BULK_CHARGING', 'Bulk charging'), ('NEW_STATION', 'New station launch'), ('HIGHWAY_SPECIAL', 'Highway special'), ('URBAN_RURAL', 'Urban or rural pricing'), ('REGIONAL', 'Regional promotion'), ('OTHER', 'Other')], default='OTHER', max_length=20)),
                ('display_code', models.CharField(blank=True, help_text='A label such as WEEKEND25.', max_length=40)),
                ('requires_code', models.BooleanField(default=False, verbose_name='the buyer must send the code')),
                ('benefit_kind', models.CharField(choices=[('discount', 'Discount')], default='discount', max_length=12, verbose_name='type')),
                ('value_type', models.CharField(choices=[('percent', 'Percent'), ('amount', 'Amount')], default='percent', max_length=10)),
                ('value', models.DecimalField(decimal_places=2, max_digits=14, validators=[django.core.validators.MinValueValidator(0.01)])),
                ('value_cap', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(0.01)], verbose_name='at most')),
                ('base', models.CharField(choices=[('ITEMS', 'Energy, time and products'), ('ITEMS_AND_SURGE', 'The same and surge')], default='ITEMS', max_length=16, verbose_name='taken of')),
                ('min_value', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(0)], verbose_name='minimum session value')),
                ('currency', models.CharField(default='INR', max_length=3)),
                ('location_ids', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, default=list, size=None)),
                ('item_ids', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, default=list, size=None)),
                ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('valid_from', models.DateTimeField()),
                ('valid_until', models.DateTimeField()),
                ('weekly_windows', models.JSONField(blank=True, default=list)),
                ('additive', models.BooleanField(default=False, verbose_name='may combine with other offers')),
                ('auto', models.BooleanField(default=True, verbose_name='applied automatically')),
                ('priority', models.SmallIntegerField(default=0, help_text='Breaks ties; the larger goes first.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('published_at', models.DateTimeField(null=True)),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('offer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='offers.offer')),
            ],
            options={
                'ordering': ['offer', '-number'],
            },
        ),
        migrations.CreateModel(
            name='OfferStateChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_state', models.CharField(max_length=10)),
                ('to_state', models.CharField(max_length=10)),
                ('by_token', models.CharField(blank=True, max_length=12)),
                ('at', models.DateTimeField()),
                ('note', models.CharField(blank=True, max_length=300)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('offer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='state_changes', to='offers.offer')),
                ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='offers.offerversion')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='offer',
            name='live_version',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='offers.offerversion'),
        ),
        migrations.CreateModel(
            name='Quote',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('bap_id', models.CharField(max_length=255)),
                ('transaction_id', models.CharField(max_length=255)),
                ('valid_until', models.DateTimeField()),
                ('basis', models.CharField(blank=True, max_length=24)),
                ('total', models.DecimalField(decimal_places=2, max_digits=14)),
                ('currency', models.CharField(max_length=3)),
                ('energy_wh', models.PositiveBigIntegerField()),
                ('request', models.JSONField()),
                ('choices', models.JSONField(default=dict)),
                ('terms', models.JSONField()),
                ('offer_terms', models.JSONField(default=list)),
                ('lines', models.JSONField()),
                ('trace', models.JSONField()),
                ('cart_hash', models.CharField(max_length=64)),
                ('terms_hash', models.CharField(max_length=64)),
                ('engine_version', models.CharField(max_length=20)),
                ('is_bill', models.BooleanField(default=False)),
                ('sandbox', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
                ('order', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='quotes', to='charging.order')),
                ('tariff_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='pricing.tariffversion')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='QuoteOffer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_id', models.CharField(max_length=100)),
                ('outcome', models.CharField(max_length=20)),
                ('reason_code', models.CharField(blank=True, max_length=30)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14)),
                ('offer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='offers.offer')),
                ('quote', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='candidates', to='offers.quote')),
                ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='offers.offerversion')),
            ],
        ),
        migrations.CreateModel(
            name='Redemption',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('RESERVED', 'Reserved'), ('COMMITTED', 'Used'), ('RELEASED', 'Released'), ('REVERSED', 'Reversed')], default='RESERVED', max_length=10)),
                ('reserved', models.DecimalField(decimal_places=2, max_digits=14)),
                ('committed', models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ('reversed', models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ('currency', models.CharField(max_length=3)),
                ('counted', models.BooleanField(default=False, help_text='Whether the counter row holds it.')),
                ('counted_customer', models.BooleanField(default=False)),
                ('sandbox', models.BooleanField(default=False)),
                ('reserved_until', models.DateTimeField()),
                ('terms', models.JSONField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
                ('customer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='charging.customer')),
                ('offer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='offers.offer')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='charging.order')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='offers.offerversion')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version_number', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('RESERVE', 'Reserve'), ('COMMIT', 'Commit'), ('RELEASE', 'Release'), ('REVERSE', 'Reverse')], max_length=8)),
                ('reference', models.CharField(blank=True, default='', max_length=100)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14)),
                ('uses', models.SmallIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('sandbox', models.BooleanField(default=False)),
                ('at', models.DateTimeField()),
                ('offer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='offers.offer')),
                ('redemption', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='offers.redemption')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='OfferCounter',
            fields=[
                ('offer', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='counter', serialize=False, to='offers.offer')),
                ('limit_uses', models.PositiveIntegerField(null=True)),
                ('limit_budget', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ('paused', models.BooleanField(default=False)),
                ('uses_reserved', models.PositiveIntegerField(default=0)),
                ('uses_committed', models.PositiveIntegerField(default=0)),
                ('budget_reserved', models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ('budget_committed', models.DecimalField(decimal_places=2, default=0, max_digits=14)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('limit_uses', None), ('limit_uses__gte', django.db.models.expressions.CombinedExpression(models.F('uses_reserved'), '+', models.F('uses_committed'))), _connector='OR'), name='uses_within_limit'), models.CheckConstraint(condition=models.Q(('limit_budget', None), ('limit_budget__gte', django.db.models.expressions.CombinedExpression(models.F('budget_reserved'), '+', models.F('budget_committed'))), _connector='OR'), name='budget_within_limit'), models.CheckConstraint(condition=models.Q(('budget_committed__gte', 0), ('budget_reserved__gte', 0)), name='budget_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='CustomerCounter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uses', models.PositiveIntegerField(default=0)),
                ('limit_uses', models.PositiveIntegerField()),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='charging.customer')),
                ('offer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='customer_counters', to='offers.offer')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('offer', 'customer'), name='one_counter_per_customer'), models.CheckConstraint(condition=models.Q(('uses__lte', models.F('limit_uses'))), name='customer_uses_within_limit')],
            },
        ),
        migrations.CreateModel(
            name='OfferPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('objective', models.CharField(choices=[('MAX_SAVING', 'The largest saving for the driver'), ('PRIORITY', "The offers' priority")], default='MAX_SAVING', max_length=12, verbose_name='choose offers by')),
                ('amount_basis', models.CharField(choices=[('BEFORE_SURGE_OFFER_TAX', 'Energy and fees, before surge, offer and tax'), ('ALL_IN', 'Everything included')], default='BEFORE_SURGE_OFFER_TAX', max_length=24, verbose_name='“charge me for ₹100” means')),
                ('quote_minutes', models.PositiveSmallIntegerField(default=15, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)], verbose_name='a quote is valid for (minutes)')),
                ('payment_minutes', models.PositiveSmallIntegerField(default=15, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)], verbose_name='time to pay (minutes)')),
                ('early_start_minutes', models.PositiveSmallIntegerField(default=15, verbose_name='may start early by (minutes)')),
                ('late_start_minutes', models.PositiveSmallIntegerField(default=30, verbose_name='no-show after (minutes)')),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
            ],
            options={
                'verbose_name': 'quote and offer policy',
                'verbose_name_plural': 'quote and offer policies',
                'constraints': [models.UniqueConstraint(fields=('cpo',), name='one_offer_policy_per_cpo')],
            },
        ),
        migrations.AddConstraint(
            model_name='offerversion',
            constraint=models.UniqueConstraint(fields=('offer', 'number'), name='offer_version_number'),
        ),
        migrations.AddConstraint(
            model_name='offerversion',
            constraint=models.UniqueConstraint(condition=models.Q(('published_at', None)), fields=('offer',), name='one_draft_per_offer'),
        ),
        migrations.AddConstraint(
            model_name='offerversion',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__gt', models.F('valid_from'))), name='offer_ends_after_it_starts', violation_error_message='The offer ends before it starts: choose a later end.'),
        ),
        migrations.AddConstraint(
            model_name='offerversion',
            constraint=models.CheckConstraint(condition=models.Q(('value__gt', 0), models.Q(('value_type', 'amount'), ('value__lte', 100), _connector='OR')), name='offer_percent_at_most_100', violation_error_message='A percentage lies above 0 and is at most 100.'),
        ),
        migrations.AddConstraint(
            model_name='offerversion',
            constraint=models.CheckConstraint(condition=models.Q(('requires_code', False), models.Q(('display_code', ''), _negated=True), _connector='OR'), name='required_code_is_given', violation_error_message='Give the code that the buyer must send.'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.UniqueConstraint(fields=('cpo', 'offer_id'), name='offer_id_per_cpo'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(('budget', None), ('redemption_cap__isnull', False), _connector='OR'), name='budget_needs_redemption_cap', violation_error_message='A budget needs a limit per redemption: set “most per redemption”.'),
        ),
        migrations.AddIndex(
            model_name='quote',
            index=models.Index(fields=['bap_id', 'transaction_id', '-created_at'], name='quote_transaction'),
        ),
        migrations.AddIndex(
            model_name='quote',
            index=models.Index(fields=['created_at'], name='quote_created'),
        ),
        migrations.AddConstraint(
            model_name='quoteoffer',
            constraint=models.UniqueConstraint(fields=('quote', 'asked_id'), name='quote_offer_once'),
        ),
        migrations.AddIndex(
            model_name='redemption',
            index=models.Index(condition=models.Q(('state', 'RESERVED')), fields=['reserved_until'], name='redemption_due'),
        ),
        migrations.AddIndex(
            model_name='redemption',
            index=models.Index(fields=['offer', 'state'], name='redemption_offer_state'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'RELEASED'), _negated=True), fields=('order', 'offer'), name='one_redemption_per_order'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(('reversed__gte', 0), ('reversed__lte', models.F('committed'))), name='reversed_within_committed'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(('committed__gte', 0), ('reserved__gte', 0)), name='redemption_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.UniqueConstraint(fields=('redemption', 'kind', 'reference'), name='ledger_entry_once'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='ledger_amount_not_negative'),
        ),
        operations.frozen_when("offers_offerversion", "published_at"),
        operations.append_only("offers_offerstatechange"),
        operations.append_only("offers_ledgerentry"),
        operations.bump_on_change("offers_offer", "offers_bookrevision"),
        operations.bump_on_change("offers_offerversion", "offers_bookrevision"),
        operations.bump_on_change("offers_offerpolicy", "offers_bookrevision"),
    ]
